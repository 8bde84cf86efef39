/** One flow: its life from start to stop, and what it says about itself. @module */
import type { NodeMetrics } from "../connector/connector_metrics.ts";
import type { FlowAccess, FlowEnd } from "../connector/flow_access.ts";
import { sleep } from "../connector/sleep.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { compilePipeline } from "../pipeline/pipeline.ts";
import { LatencyHistogram } from "../telemetry/histogram.ts";
import { Assembly } from "./assembly.ts";
import { checkFiles } from "./check_files.ts";
import { checkFormats } from "./check_formats.ts";
import type { FlowDefinition, PipelineDefinition } from "./flow_definition.ts";
import { endLife } from "./close_node.ts";
import type { FlowReport, FlowState, NodeReport } from "./flow_report.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { LifeCycle } from "./life_cycle.ts";
import { reportOf } from "./node.ts";
import type { Launch } from "./node_builder.ts";
import { planReplacement } from "./replacement_steps.ts";

/** How long {@linkcode Flow.stop} waits. */
export interface StopOptions {
  /** For what was read to be delivered, milliseconds. @default {5000} */
  readonly deadlineMs?: number | undefined;
  /** For every part to close, milliseconds. @default {10000} */
  readonly closeMs?: number | undefined;
}

/** What a {@linkcode Flow} needs. */
export interface FlowOptions {
  /** The checked definition. */
  readonly definition: FlowDefinition;
  /** Brings components to life. */
  readonly launch: Launch;
  /** Type of the processor that does expression steps natively. @default {none: the operators do} */
  readonly kernel?: string | undefined;
  /** Told about everything that goes wrong while the flow runs. */
  readonly onError: (error: CaissonError) => void;
}

/** A flow between deploy and stop. */
export class Flow implements AsyncDisposable {
  /** Name of the flow. */
  readonly name: string;
  readonly #options: FlowOptions;
  readonly #graph: Graph;
  readonly #assembly: Assembly;
  /** Compiled pipelines by their names; the new ones after a replacement. */
  readonly #operators: Map<string, CompiledPipeline>;
  readonly #reading = new AbortController();
  readonly #ending = new AbortController();
  readonly #forced = Promise.withResolvers<void>();
  readonly #latency = new LatencyHistogram();
  readonly #errors = new Map<string, number>();
  readonly #life: LifeCycle;
  #startedAt = 0;
  #endedAt = 0;
  #done: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #starting: Promise<void> | undefined;
  #closed = false;
  /** Sources that have come to their end. */
  readonly #ended = new Set<string>();
  #exitCode: number | undefined;

  /**
   * Checks graph and pipelines; nothing runs yet.
   *
   * @throws {CaissonError} `CAISSON_FLOW_INVALID` or `CAISSON_FLOW_LINK`
   */
  constructor(options: FlowOptions) {
    const { definition, launch } = options;
    this.#options = options;
    this.name = definition.name;
    this.#life = new LifeCycle(this.name);
    const graph = this.#graph = buildGraph(definition);
    checkFiles(definition, graph);
    const operators = this.#operators = new Map(
      Object.entries(definition.pipelines ?? {}).map(([name, pipeline]) => [
        name,
        compilePipeline(pipeline, `${definition.name}: pipelines.${name}`),
      ]),
    );
    checkFormats(definition, definition.name);
    const access: FlowAccess = {
      name: this.name,
      nodes: () => this.#assembly.nodes.map(reportOf),
      isReading: (source) => !this.#ended.has(source),
      end: (how) => this.#endBy(how),
    };
    this.#assembly = new Assembly({
      definition,
      graph,
      operators,
      launch: (request) => launch({ ...request, flow: access }),
      kernel: options.kernel,
      reading: this.#reading.signal,
      ending: this.#ending.signal,
      onError: (error) => this.#note(error),
      onWritten: (latencyMs, events) => this.#latency.record(latencyMs, events),
    });
  }

  /** Where the flow is in its life. */
  get state(): FlowState {
    return this.#life.state;
  }

  /**
   * Pauses the flow, or one node of it, until {@linkcode Flow.resume}: sources read nothing, everything else takes
   * nothing. What is under way waits and keeps its verdict open; a circuit breaker that closes again does not resume it.
   *
   * @param node name of a connector, processor or pipeline @default {the whole flow}
   * @throws {CaissonError} `CAISSON_FLOW_STATE` when the flow does not run, `CAISSON_FLOW_INVALID` for an unknown node
   */
  async pause(node?: string): Promise<void> {
    if (node !== undefined) return await this.#assembly.pausing.pause(node);
    this.#life.on("pause");
    await this.#assembly.pausing.pauseAll();
  }

  /**
   * Takes back {@linkcode Flow.pause}. A node that was paused by name stays paused when the flow is resumed.
   *
   * @throws {CaissonError} as {@linkcode Flow.pause} does
   */
  async resume(node?: string): Promise<void> {
    if (node !== undefined) return await this.#assembly.pausing.resume(node);
    this.#life.on("resume");
    await this.#assembly.pausing.resumeAll();
  }

  /**
   * Replaces the steps of a pipeline while the flow runs, between two batches: no event is lost, read again or seen by
   * both. Open windows give their results first; the new steps begin without state. Of a pipeline with processors the
   * steps between them are replaced, one part after the other; the processors stay.
   *
   * @param name of the pipeline; its ports that the flow links have to be there in the new steps, too
   * @throws {CaissonError} `CAISSON_FLOW_STATE` when the flow does not run, `CAISSON_FLOW_INVALID` or
   * `CAISSON_FLOW_LINK` for steps that do not fit; then the old ones go on
   */
  async replacePipeline(name: string, definition: PipelineDefinition): Promise<void> {
    // What may be resumed runs, or is paused.
    if (!this.#life.takes("resume")) throw stateError(this.name, this.state, "a running flow");
    const { pipelines, kernels } = this.#assembly;
    const plan = planReplacement(name, definition, { flow: this.#options.definition, graph: this.#graph, pipelines });
    for (const { name: part, running, compiled } of plan) {
      await kernels.replace(part, running, compiled);
      this.#operators.set(part, compiled);
    }
  }

  /** Resolves when every source has ended and everything read has been settled and closed. */
  get done(): Promise<void> {
    return this.#done ?? Promise.reject(stateError(this.name, this.state, "a started flow"));
  }

  /**
   * Starts sinks, then processors and pipelines, then sources.
   *
   * @throws {CaissonError} when a component cannot be launched or connected, `CAISSON_FLOW_STATE` when it is stopped
   * meanwhile; what was started is closed again
   */
  async start(): Promise<void> {
    if (this.#startedAt > 0) throw stateError(this.name, this.state, "a flow that was not started yet");
    this.#startedAt = performance.now();
    this.#starting = this.#start();
    await this.#starting;
  }

  async #start(): Promise<void> {
    const stopped = this.#reading.signal;
    try {
      await this.#assembly.start();
      if (stopped.aborted) throw stateError(this.name, "stopped while it started", "a flow that nobody stops");
    } catch (error) {
      this.#life.on(stopped.aborted ? "stop" : "fail");
      await this.#close();
      throw error;
    }
    this.#startedAt = performance.now();
    this.#life.on("start");
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    const drained = Promise.all(this.#assembly.sources.map(async ({ name, manager, life, ports }) => {
      await manager.run();
      this.#ended.add(name);
      // Before the flow is over: others may go on for weeks.
      endLife(life, manager.failure);
      await Promise.all(ports.map((port) => port.drain()));
    }));
    try {
      await Promise.race([drained.then(() => this.#assembly.drainDeadLetters()), this.#forced.promise]);
    } catch (thrown) {
      // Whatever went wrong, the parts are closed.
      this.#life.on("fail");
      this.#note(internalError(this.name, thrown));
    }
    await this.#close();
    this.#life.on("stop");
  }

  /**
   * Stops reading, drains what was read, closes everything. After `deadlineMs` it closes without waiting, and a part
   * that does not end closing is left behind and reported. A flow that is starting ends with its start.
   */
  async stop({ deadlineMs = 5000, closeMs = 10_000 }: StopOptions = {}): Promise<void> {
    if (this.#done === undefined) return await this.#stopStarting(closeMs);
    if (this.#life.takes("drain")) this.#life.on("drain");
    this.#reading.abort();
    const drain = this.#assembly.pausing.drain();
    await within(Promise.all([this.#done, drain]), deadlineMs);
    if (this.#endedAt === 0) {
      const late = stateError(this.name, "still draining", `a drain within ${deadlineMs} ms`);
      this.#note(late);
      for (const { manager } of this.#assembly.sources) manager.abandon(late);
      this.#life.on("fail");
      this.#forced.resolve();
    }
    await this.#waitForClose(this.#done, closeMs);
  }

  #endBy({ exitCode, deadlineMs }: FlowEnd): void {
    this.#exitCode ??= exitCode;
    this.stop({ deadlineMs }).catch((thrown) => this.#note(internalError(this.name, thrown)));
  }

  async #stopStarting(closeMs: number): Promise<void> {
    if (this.#starting === undefined) return;
    this.#reading.abort();
    this.#ending.abort();
    // Whoever called `start` is told why it failed.
    await this.#waitForClose(this.#starting.catch(() => {}), closeMs);
  }

  async #waitForClose(ending: Promise<void>, closeMs: number): Promise<void> {
    await within(ending, closeMs);
    if (!this.#closed) this.#note(stateError(this.name, "a part that is still closing", `an end within ${closeMs} ms`));
  }

  /** Stops the flow. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #close(): Promise<void> {
    return this.#closing ??= this.#closeOnce();
  }

  async #closeOnce(): Promise<void> {
    this.#endedAt = performance.now();
    this.#reading.abort();
    this.#ending.abort();
    await this.#assembly.close();
    this.#closed = true;
  }

  #note(error: CaissonError): void {
    this.#errors.set(error.code, (this.#errors.get(error.code) ?? 0) + 1);
    try {
      this.#options.onError(error);
    } catch (thrown) {
      // What a listener of the host program throws is the program's error; it must not cost a batch its settlement.
      reportError(thrown);
    }
  }

  /** Numbers of the flow at this moment, or at its end. */
  report(): FlowReport {
    const nodes = this.#assembly.nodes.map(reportOf);
    const sum = (roles: readonly NodeReport["role"][], field: keyof NodeMetrics): number =>
      nodes.reduce((total, { role, metrics }) => roles.includes(role) ? total + metrics[field] : total, 0);
    const until = this.#endedAt === 0 ? performance.now() : this.#endedAt;
    const seconds = (until - this.#startedAt) / 1000;
    const input = sum(["source"], "in");
    return {
      flow: this.name,
      state: this.state,
      nodes,
      in: input,
      out: sum(["sink"], "out"),
      dropped: sum(["pipeline", "processor"], "dropped"),
      failed: sum(["sink", "pipeline", "processor", "codec", "preprocessor", "postprocessor"], "failed"),
      seconds,
      eventsPerSecond: seconds > 0 ? input / seconds : 0,
      latencyMs: this.#latency.report(),
      errors: Object.fromEntries(this.#errors),
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
    };
  }
}

/** Waits for a promise, but not for ever. */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([promise, sleep(milliseconds, over.signal)]);
  over.abort();
}

function internalError(flow: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  return new CaissonError("CAISSON_INTERNAL", { subject: flow, found: messageOf(thrown), cause: thrown });
}

function stateError(flow: string, state: string, allowed: string): CaissonError {
  return new CaissonError("CAISSON_FLOW_STATE", { subject: flow, found: `state ${state}`, allowed });
}
