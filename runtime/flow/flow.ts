/** One running flow: nodes, links, life from start to stop. @module */
import { type ConnectOptions, connectPart } from "../connector/connect.ts";
import {
  emptyMetrics,
  type NodeMetrics,
} from "../connector/connector_metrics.ts";
import type { Part, PartMetrics } from "../connector/contract.ts";
import { ProcessorNode } from "../connector/processor_node.ts";
import { SinkManager } from "../connector/sink_manager.ts";
import { SourceManager } from "../connector/source_manager.ts";
import { sleep } from "../connector/sleep.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { compileOperators, Pipeline } from "../pipeline/pipeline.ts";
import type { Operator } from "../pipeline/operator.ts";
import { LatencyHistogram } from "../telemetry/histogram.ts";
import { createCodec } from "../codec/codecs.ts";
import type { Consumer } from "./delivery.ts";
import { DrainCounter, Fanout } from "./fanout.ts";
import type {
  ConnectorDefinition,
  FlowDefinition,
  Reconnect,
} from "./flow_definition.ts";
import type { FlowReport, FlowState, NodeReport } from "./flow_report.ts";
import { buildGraph, type Graph } from "./graph.ts";
import {
  asProcessor,
  asSink,
  asSource,
  type ComponentRequest,
  connectorCodec,
  connectorPostprocessors,
  connectorPreprocessors,
  type Launch,
} from "./node_builder.ts";

/** What a {@linkcode Flow} needs. */
export interface FlowOptions {
  /** The checked definition. */
  readonly definition: FlowDefinition;
  /** Brings components to life. */
  readonly launch: Launch;
  /** Told about everything that goes wrong while the flow runs. */
  readonly onError: (error: CaissonError) => void;
}

interface Node {
  readonly name: string;
  readonly role: NodeReport["role"];
  readonly type: string;
  readonly plugin: string;
  readonly isolation: string;
  readonly level: string;
  readonly metrics: () => Readonly<NodeMetrics>;
  readonly part: Part | undefined;
  partMetrics: PartMetrics;
}

/** A flow between deploy and stop. */
export class Flow implements AsyncDisposable {
  /** Name of the flow. */
  readonly name: string;
  readonly #definition: FlowDefinition;
  readonly #options: FlowOptions;
  readonly #graph: Graph;
  readonly #operators = new Map<string, Operator[]>();
  readonly #fanouts = new Map<string, Fanout>();
  readonly #consumers = new Map<string, Consumer>();
  readonly #nodes: Node[] = [];
  readonly #sources: { manager: SourceManager; fanouts: readonly Fanout[] }[] =
    [];
  readonly #reading = new AbortController();
  readonly #ending = new AbortController();
  readonly #latency = new LatencyHistogram();
  readonly #errors = new Map<string, number>();
  #state: FlowState = "initializing";
  #startedAt = 0;
  #endedAt = 0;
  #done: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Checks graph and pipelines; nothing runs yet.
   *
   * @throws {CaissonError} `CAISSON_FLOW_INVALID` or `CAISSON_FLOW_LINK`
   */
  constructor(options: FlowOptions) {
    this.#options = options;
    this.#definition = options.definition;
    this.name = options.definition.name;
    this.#graph = buildGraph(options.definition);
    for (
      const [name, pipeline] of Object.entries(
        options.definition.pipelines ?? {},
      )
    ) {
      this.#operators.set(
        name,
        compileOperators(pipeline, `${this.name}: pipelines.${name}`),
      );
    }
  }

  /** Where the flow is in its life. */
  get state(): FlowState {
    return this.#state;
  }

  /** Resolves when every source has ended and everything read has been settled and closed. */
  get done(): Promise<void> {
    return this.#done ??
      Promise.reject(stateError(this.name, this.#state, "a started flow"));
  }

  /**
   * Starts sinks, then processors and pipelines, then sources.
   *
   * @throws {CaissonError} when a component cannot be launched or connected; what was started is closed again
   */
  async start(): Promise<void> {
    if (this.#state !== "initializing" || this.#startedAt > 0) {
      throw stateError(
        this.name,
        this.#state,
        "a flow that was not started yet",
      );
    }
    this.#startedAt = performance.now();
    try {
      for (const name of this.#graph.sinks) await this.#startSink(name);
      for (const name of this.#graph.inner) {
        if (this.#operators.has(name)) this.#startPipeline(name);
        else await this.#startProcessor(name);
      }
      for (const name of this.#graph.sources) await this.#startSource(name);
    } catch (error) {
      this.#state = "failed";
      await this.#close();
      throw error;
    }
    this.#startedAt = performance.now();
    this.#state = "running";
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    await Promise.all(this.#sources.map(async ({ manager, fanouts }) => {
      await manager.run();
      await Promise.all(fanouts.map((fanout) => fanout.drain()));
    }));
    await this.#close();
    if (this.#state !== "failed") this.#state = "stopped";
  }

  /** Stops reading, drains what was read, closes everything. After `deadlineMs` it closes without waiting. */
  async stop(
    { deadlineMs = 5000 }: { readonly deadlineMs?: number } = {},
  ): Promise<void> {
    if (this.#done === undefined) return;
    if (this.#state === "running") this.#state = "draining";
    this.#reading.abort();
    const late = new AbortController();
    await Promise.race([this.#done, sleep(deadlineMs, late.signal)]);
    late.abort();
    if (this.#endedAt === 0) {
      this.#note(
        stateError(this.name, "draining", `a drain within ${deadlineMs} ms`),
      );
      await this.#close();
      this.#state = "failed";
    }
  }

  /** Stops the flow. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #close(): Promise<void> {
    return this.#closing ??= this.#closeParts();
  }

  async #closeParts(): Promise<void> {
    this.#endedAt = performance.now();
    this.#reading.abort();
    this.#ending.abort();
    for (const node of [...this.#nodes].reverse()) {
      if (node.part === undefined) continue;
      try {
        node.partMetrics = await node.part.metrics?.() ?? {};
      } catch (error) {
        this.#note(asError(`${this.name}/${node.name}`, error));
      }
      try {
        await node.part.close();
      } catch (error) {
        this.#note(asError(`${this.name}/${node.name}`, error));
      }
    }
  }

  #note(error: CaissonError): void {
    this.#errors.set(error.code, (this.#errors.get(error.code) ?? 0) + 1);
    this.#options.onError(error);
  }

  #fanout(node: string, port: string): Fanout {
    const key = `${node}/${port}`;
    let fanout = this.#fanouts.get(key);
    if (fanout === undefined) {
      this.#fanouts.set(key, fanout = new Fanout());
      for (const { from, to } of this.#graph.links) {
        // Downstream nodes are started first, so every consumer is there.
        if (from.node === node && from.port === port) {
          fanout.link(this.#consumers.get(to.node)!);
        }
      }
    }
    return fanout;
  }

  #consume(name: string, consumer: Consumer): void {
    const producers =
      this.#graph.links.filter(({ to }) => to.node === name).length;
    const counter = new DrainCounter(producers, () => consumer.drain());
    this.#consumers.set(name, {
      push: (delivery) => consumer.push(delivery),
      drain: () => counter.arrive(),
    });
  }

  #request(
    name: string,
    kind: ComponentRequest["kind"],
    definition: { type: string; config?: Readonly<Record<string, unknown>> },
  ): ComponentRequest {
    return {
      alias: `${this.name}/${name}`,
      kind,
      type: definition.type,
      config: definition.config ?? {},
      signal: kind === "source" ? this.#reading.signal : this.#ending.signal,
    };
  }

  async #launch<P extends Part>(
    request: ComponentRequest,
    name: string,
    choose: (
      instance: Awaited<ReturnType<Launch>>["instance"],
      request: ComponentRequest,
    ) => P,
    metrics: () => Readonly<NodeMetrics>,
    reconnect: Reconnect | undefined,
  ): Promise<P> {
    const { instance, plugin } = await this.#options.launch(request);
    const part = choose(instance, request);
    const { isolation, level } = instance;
    this.#nodes.push({
      name,
      role: request.kind,
      type: request.type,
      plugin,
      isolation,
      level,
      metrics,
      part,
      partMetrics: {},
    });
    await connectPart(part, this.#connectOptions(request.alias, reconnect));
    return part;
  }

  #connectOptions(
    alias: string,
    reconnect: Reconnect | undefined,
  ): ConnectOptions {
    return {
      alias,
      reconnect,
      signal: this.#reading.signal,
      onRetry: (error) => this.#note(asError(alias, error)),
    };
  }

  async #startSink(name: string): Promise<void> {
    const definition = this.#definition.connectors[name]!;
    const request = this.#request(name, "sink", definition);
    let manager: SinkManager | undefined;
    const part = await this.#launch(
      request,
      name,
      asSink,
      () => manager?.metrics ?? emptyMetrics(),
      definition.reconnect,
    );
    manager = new SinkManager({
      alias: request.alias,
      part,
      codec: part.accepts === "batches" && definition.codec === undefined &&
          part.codec === undefined
        ? undefined
        : connectorCodec(
          definition,
          part.accepts === "values" ? undefined : part.codec,
        ),
      postprocessors: connectorPostprocessors(definition),
      onError: (error) => this.#note(error),
      onWritten: (latencyMs, events) => this.#latency.record(latencyMs, events),
    });
    this.#consume(name, manager);
  }

  async #startProcessor(name: string): Promise<void> {
    const definition = this.#definition.processors![name]!;
    const request = this.#request(name, "processor", definition);
    let node: ProcessorNode | undefined;
    const part = await this.#launch(
      request,
      name,
      asProcessor,
      () => node?.metrics ?? emptyMetrics(),
      undefined,
    );
    node = new ProcessorNode({
      alias: request.alias,
      part,
      codec: part.codec === undefined ? undefined : createCodec(part.codec),
      out: this.#fanout(name, "out"),
      onError: (error) => this.#note(error),
    });
    const { drain, err } = {
      drain: node.drain.bind(node),
      err: this.#fanout(name, "err"),
    };
    this.#consume(name, {
      push: (delivery) => node.push(delivery),
      drain: async () => {
        await drain();
        await err.drain();
      },
    });
  }

  #startPipeline(name: string): void {
    const pipeline = new Pipeline(this.#operators.get(name)!, {
      alias: `${this.name}/${name}`,
      out: this.#fanout(name, "out"),
      err: this.#fanout(name, "err"),
      onError: (error) => this.#note(error),
    });
    const metrics = (): NodeMetrics => ({
      ...pipeline.metrics,
      bytes: 0,
      batches: 0,
    });
    this.#nodes.push({
      name,
      role: "pipeline",
      type: "pipeline",
      plugin: "builtin",
      isolation: "builtin",
      level: "none",
      metrics,
      part: undefined,
      partMetrics: {},
    });
    this.#consume(name, pipeline);
  }

  async #startSource(name: string): Promise<void> {
    const definition: ConnectorDefinition = this.#definition.connectors[name]!;
    const request = this.#request(name, "source", definition);
    let manager: SourceManager | undefined;
    const part = await this.#launch(
      request,
      name,
      asSource,
      () => manager?.metrics ?? emptyMetrics(),
      definition.reconnect,
    );
    manager = new SourceManager({
      alias: request.alias,
      part,
      codec: connectorCodec(definition, part.codec),
      preprocessors: connectorPreprocessors(definition),
      batchEvents: definition.batchEvents,
      batchBytes: definition.batchBytes,
      out: this.#fanout(name, "out"),
      signal: this.#reading.signal,
      onError: (error) => this.#note(error),
    });
    this.#sources.push({
      manager,
      fanouts: [this.#fanout(name, "out"), this.#fanout(name, "err")],
    });
  }

  /** Numbers of the flow at this moment, or at its end. */
  report(): FlowReport {
    const nodes = this.#nodes.map((
      { name, role, type, plugin, isolation, level, metrics, partMetrics },
    ): NodeReport => ({
      name,
      role,
      type,
      plugin,
      isolation,
      level,
      metrics: { ...metrics() },
      part: partMetrics,
    }));
    const sum = (
      roles: readonly NodeReport["role"][],
      field: keyof NodeMetrics,
    ): number =>
      nodes.reduce(
        (total, { role, metrics }) =>
          roles.includes(role) ? total + metrics[field] : total,
        0,
      );
    const until = this.#endedAt === 0 ? performance.now() : this.#endedAt;
    const seconds = (until - this.#startedAt) / 1000;
    const input = sum(["source"], "in");
    return {
      flow: this.name,
      state: this.#state,
      nodes,
      in: input,
      out: sum(["sink"], "out"),
      dropped: sum(["pipeline", "processor"], "dropped"),
      failed: sum(["sink", "pipeline", "processor"], "failed"),
      seconds,
      eventsPerSecond: seconds > 0 ? input / seconds : 0,
      latencyMs: this.#latency.report(),
      errors: Object.fromEntries(this.#errors),
    };
  }
}

function stateError(
  flow: string,
  state: string,
  allowed: string,
): CaissonError {
  return new CaissonError("CAISSON_FLOW_STATE", {
    subject: flow,
    found: `state ${state}`,
    allowed,
  });
}

function asError(subject: string, error: unknown): CaissonError {
  return error instanceof CaissonError
    ? error
    : new CaissonError("CAISSON_CONNECT_FAILED", {
      subject,
      found: messageOf(error),
      cause: error,
    });
}
