/** Keeps the states of a flow's pipelines where the flow asks for that. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { DurablePipeline } from "../pipeline/durable_pipeline.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { StateStore } from "../pipeline/store/state_store.ts";
import { checkReplayable, hasState } from "./check_state.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import type { Graph } from "./graph.ts";

/** What {@linkcode DurableStates} need. */
export interface DurableStatesOptions {
  /** The checked definition. */
  readonly definition: FlowDefinition;
  /** Its nodes and links. */
  readonly graph: Graph;
  /** Aborted when reading has to stop. */
  readonly reading: AbortSignal;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/** The states of one flow. */
export class DurableStates {
  readonly #options: DurableStatesOptions;
  readonly #pipelines: DurablePipeline[] = [];
  #store: StateStore | undefined;

  /** Opens nothing yet. */
  constructor(options: DurableStatesOptions) {
    this.#options = options;
  }

  /**
   * What takes the events of a pipeline in its place; the pipeline itself where there is nothing to keep.
   *
   * @throws {CaissonError} `CAISSON_FLOW_INVALID`, `CAISSON_STATE_UNREADABLE` or `CAISSON_STATE_MISMATCH`
   */
  wrap(name: string, compiled: CompiledPipeline, pipeline: Pipeline): DurablePipeline | Pipeline {
    const { definition, graph, reading, onError } = this.#options;
    const { state } = definition;
    if (state === undefined || !hasState(compiled)) return pipeline;
    checkReplayable(definition.name, name, graph);
    this.#store ??= new StateStore(state.path);
    const durable = new DurablePipeline({
      pipeline,
      store: this.#store,
      alias: `${definition.name}/${name}`,
      everyMs: state.everyMs,
      stopped: () => reading.aborted,
      onError,
    });
    this.#pipelines.push(durable);
    return durable;
  }

  /** Stops committing and closes the file. */
  close(): void {
    for (const pipeline of this.#pipelines) pipeline.close();
    this.#store?.close();
  }
}
