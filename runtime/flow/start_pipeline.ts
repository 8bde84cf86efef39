/** Starts a pipeline as a node of its flow. @module */
import { emptyMetrics } from "../connector/connector_metrics.ts";
import { Gate } from "../connector/gate.ts";
import { GatedConsumer } from "../connector/gated_consumer.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import type { PipelineOptions } from "../pipeline/pipeline_options.ts";
import { ReplaceablePipeline } from "../pipeline/replaceable_pipeline.ts";
import type { Consumer } from "./delivery.ts";
import type { DurableStates } from "./durable_states.ts";
import { LifeCycle } from "./life_cycle.ts";
import type { Node } from "./node.ts";

/** A started pipeline. */
export interface StartedPipeline {
  /** What the flow tells about it. */
  readonly node: Node;
  /** Takes what is linked to it. */
  readonly consumer: Consumer;
  /** Its steps, when they can be replaced: not when the flow keeps their state in a file. */
  readonly replaceable: ReplaceablePipeline | undefined;
  /** Lets go of what its operators have open. */
  close(): void;
}

/** Starts a pipeline; nothing goes through it while its gate is closed. */
export function startPipeline(
  name: string,
  compiled: CompiledPipeline,
  states: DurableStates,
  options: PipelineOptions,
): StartedPipeline {
  const first = new Pipeline(compiled, options);
  const durable = states.wrap(name, compiled, first);
  const replaceable = durable === first ? new ReplaceablePipeline(first, options) : undefined;
  const pipeline = replaceable ?? first;
  const gate = new Gate();
  const life = new LifeCycle(options.alias);
  life.on("start");
  const node: Node = {
    life,
    gate,
    connection: undefined,
    name,
    role: "pipeline",
    type: "pipeline",
    plugin: "builtin",
    isolation: "builtin",
    level: "none",
    metrics: () => ({ ...emptyMetrics(), ...pipeline.metrics }),
    failure: () => undefined,
    part: undefined,
    partMetrics: {},
  };
  return {
    node,
    replaceable,
    consumer: new GatedConsumer(replaceable ?? durable, gate),
    close: () => pipeline.close(),
  };
}
