/** Starts the nodes of a flow and links them: takers first, so that whoever gives finds them there. @module */
import { createCodec } from "../codec/codecs.ts";
import { Breaker } from "../connector/breaker.ts";
import type { Part } from "../connector/contract.ts";
import { GatedConsumer } from "../connector/gated_consumer.ts";
import { Gate } from "../connector/gate.ts";
import { ProcessorNode } from "../connector/processor_node.ts";
import { SinkManager } from "../connector/sink_manager.ts";
import { SourceManager } from "../connector/source_manager.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { DurableStates } from "./durable_states.ts";
import { Buffers } from "./buffers.ts";
import type { Consumer } from "./delivery.ts";
import type { LifeCycle } from "./life_cycle.ts";
import { type ConnectorStage, planSink, planSource } from "./connector_stages.ts";
import { DrainCounter, Fanout } from "./fanout.ts";
import type { LetterBox } from "./dead_letters.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import { Guards } from "./guards.ts";
import type { Node } from "./node.ts";
import { closeNode } from "./close_node.ts";
import { Kernels } from "./kernels.ts";
import { closeError } from "./node_errors.ts";
import { type StartedPipeline, startPipeline } from "./start_pipeline.ts";
import { startStages } from "./start_stages.ts";
import type { Graph, Link } from "./graph.ts";
import { launchNode, type LaunchNodeOptions } from "./launch_node.ts";
import { openPipeline } from "../pipeline/open_pipeline.ts";
import { Pausing } from "./pausing.ts";
import { asProcessor, asSink, asSource, type Launch } from "./node_builder.ts";

/** A source with the ports it feeds. */
export interface StartedSource {
  /** Its name in the flow. */
  readonly name: string;
  /** Drives it. */
  readonly manager: SourceManager;
  /** Where its node is in its life. */
  readonly life: LifeCycle;
  /** Drained when it has ended. */
  readonly ports: readonly Fanout[];
}

/** What an {@linkcode Assembly} needs. */
export interface AssemblyOptions {
  /** The checked definition. */
  readonly definition: FlowDefinition;
  /** Its nodes and links. */
  readonly graph: Graph;
  /** Its compiled pipelines. */
  readonly operators: ReadonlyMap<string, CompiledPipeline>;
  /** Brings components to life. */
  readonly launch: Launch;
  /** Type of the processor that does expression steps natively. @default {none: the operators do} */
  readonly kernel?: string | undefined;
  /** Aborted when reading has to stop. */
  readonly reading: AbortSignal;
  /** Aborted when everything has to stop. */
  readonly ending: AbortSignal;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
  /** Told how long events took, milliseconds. */
  readonly onWritten: (latencyMs: number, events: number) => void;
}

/** The started nodes of one flow. */
export class Assembly {
  /** Every node, in the order they were started. */
  readonly nodes: Node[] = [];
  /** Every pipeline by its name. */
  readonly pipelines: Map<string, StartedPipeline> = new Map();
  /** Every source, ready to run. */
  readonly sources: StartedSource[] = [];
  readonly #options: AssemblyOptions;
  readonly #fanouts = new Map<string, Fanout>();
  readonly #consumers = new Map<string, Consumer>();
  readonly #breakers: Breaker[] = [];
  readonly #shared = new Map<string, Map<string, unknown>>();
  readonly #buffers = new Buffers();
  readonly #guards: Guards;
  readonly #states: DurableStates;
  /** What runs the first steps of pipelines natively. */
  readonly kernels: Kernels;
  /** Pauses, resumes and drains the nodes. */
  readonly pausing: Pausing;

  /** Starts nothing yet. */
  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#states = new DurableStates(options);
    this.#guards = new Guards(options);
    const { definition, graph, onError } = options;
    this.kernels = new Kernels({
      type: options.kernel,
      graph,
      nodes: this.nodes,
      launch: (name, kind, given) => this.#launch(name, kind, given, asProcessor, () => undefined),
      alias: (name) => this.#alias(name),
      reading: options.reading,
      onError,
    });
    this.pausing = new Pausing({
      flow: definition.name,
      nodes: this.nodes,
      graph,
      pipelines: options.operators,
      onError,
    });
  }

  /** Starts sinks, then processors and pipelines, then sources. Whoever calls closes {@linkcode nodes} when this throws. */
  async start(): Promise<void> {
    const { graph, operators } = this.#options;
    for (const name of graph.sinks) await this.#startSink(name);
    for (const name of graph.inner) {
      const compiled = operators.get(name);
      if (compiled === undefined) await this.#startProcessor(name);
      else await this.#startPipeline(name, compiled);
    }
    for (const name of graph.sources) await this.#startSource(name);
  }

  /** What the two ends of one connector keep in common. */
  #sharedOf(name: string): Map<string, unknown> {
    let shared = this.#shared.get(name);
    if (shared === undefined) this.#shared.set(name, shared = new Map());
    return shared;
  }

  #alias(name: string): string {
    return `${this.#options.definition.name}/${name}`;
  }

  #fanout(node: string, port: string): Fanout {
    const key = `${node}/${port}`;
    let fanout = this.#fanouts.get(key);
    if (fanout === undefined) {
      this.#fanouts.set(key, fanout = new Fanout());
      for (const link of this.#options.graph.links) {
        if (link.from.node === node && link.from.port === port) fanout.link(this.#takerOf(link));
      }
    }
    return fanout;
  }

  #takerOf(link: Link): Consumer {
    const taker = this.#consumers.get(link.to.node)!;
    const letters = this.#guards.lettersOf(link, (name) => this.#consumers.get(name)!);
    return this.#guards.guard(link, letters, this.#bufferedTaker(link, taker, letters));
  }

  #bufferedTaker({ from, to, buffer }: Link, taker: Consumer, letters: LetterBox | undefined): Consumer {
    if (buffer === undefined) return taker;
    const name = `${from.node}->${to.node}`;
    const { reading, onError } = this.#options;
    const { node, consumer } = this.#buffers.open(name, buffer, {
      alias: this.#alias(name),
      to: taker,
      letters,
      reading,
      onError,
    });
    this.nodes.push(node);
    return consumer;
  }

  #consume(name: string, consumer: Consumer): void {
    const { links, deadLetters } = this.#options.graph;
    // Nothing is linked to a dead letter; the flow itself drains it.
    const producers = deadLetters.includes(name) ? 1 : links.filter(({ to }) => to.node === name).length;
    const counter = new DrainCounter(producers, () => consumer.drain());
    this.#consumers.set(name, {
      push: (delivery) => consumer.push(delivery),
      readsValues: (codec) => consumer.readsValues?.(codec) ?? true,
      drain: () => counter.arrive(),
    });
  }

  async #launch<P extends Part>(
    name: string,
    kind: LaunchNodeOptions<P>["kind"],
    definition: LaunchNodeOptions<P>["definition"],
    choose: LaunchNodeOptions<P>["choose"],
    managed: LaunchNodeOptions<P>["managed"],
    gate: Gate = new Gate(),
  ): Promise<P> {
    const { launch, reading, ending, onError } = this.#options;
    return await launchNode({
      name,
      alias: this.#alias(name),
      kind,
      definition,
      choose,
      managed,
      gate,
      shared: this.#sharedOf(name),
      launch,
      reading,
      ending,
      onError,
      enter: (node) => this.nodes.push(node),
    });
  }

  async #startSink(name: string): Promise<void> {
    const { definition, onError, onWritten } = this.#options;
    const connector = definition.connectors[name]!;
    const managed: { manager?: SinkManager } = {};
    const gate = new Gate();
    const part = await this.#launch(name, "sink", connector, asSink, () => managed.manager, gate);
    const { codec, newInterceptors, stages } = planSink(connector, part, this.#alias(name));
    managed.manager = new SinkManager({
      alias: this.#alias(name),
      part,
      codec,
      postprocessors: newInterceptors(),
      newPostprocessors: newInterceptors,
      gate,
      breaker: this.#breakerOf(name, gate),
      onError,
      onWritten,
    });
    gate.onChange((isOpen) => this.pausing.sinkChanged(name, isOpen));
    this.#consume(name, await this.#startStages(name, stages, managed.manager));
  }

  /** Starts the stages of a connector and returns what the first one takes. */
  #startStages(name: string, stages: readonly ConnectorStage[], last: Consumer): Promise<Consumer> {
    return startStages({
      alias: this.#alias(name),
      stages,
      last,
      launch: (stage, managed) => this.#launch(`${name}.${stage.place}`, stage.kind, stage, asProcessor, managed),
      onError: this.#options.onError,
    });
  }

  #breakerOf(name: string, gate: Gate): Breaker | undefined {
    const { definition, onError } = this.#options;
    const { breaker } = definition.connectors[name]!;
    if (breaker === undefined) return undefined;
    const made = new Breaker({ ...breaker, alias: this.#alias(name), gate, onError });
    this.#breakers.push(made);
    return made;
  }

  async #startProcessor(name: string): Promise<void> {
    const { definition, onError } = this.#options;
    const managed: { node?: ProcessorNode } = {};
    const gate = new Gate();
    const part = await this.#launch(
      name,
      "processor",
      definition.processors![name]!,
      asProcessor,
      () => managed.node,
      gate,
    );
    const err = this.#fanout(name, "err");
    const node = managed.node = new ProcessorNode({
      alias: this.#alias(name),
      part,
      codec: part.codec === undefined ? undefined : createCodec(part.codec),
      out: this.#fanout(name, "out"),
      err,
      onError,
    });
    this.#consume(
      name,
      new GatedConsumer({
        push: (delivery) => node.push(delivery),
        // Together: where both lead to the same node, that one drains when both have said so.
        drain: async () => {
          await Promise.all([node.drain(), err.drain()]);
        },
      }, gate),
    );
  }

  async #startPipeline(name: string, compiled: CompiledPipeline): Promise<void> {
    await openPipeline(compiled, this.#options.onError);
    const kernel = await this.kernels.start(name, compiled);
    const started = startPipeline(name, compiled, this.#states, {
      alias: this.#alias(name),
      out: this.#fanout(name, "out"),
      err: this.#fanout(name, "err"),
      port: (port) => this.#fanout(name, port),
      takes: (port) => this.pausing.reach.takesPort(name, port),
      kernel,
      onError: this.#options.onError,
    });
    this.pipelines.set(name, started);
    this.nodes.push(started.node);
    this.#consume(name, started.consumer);
  }

  async #startSource(name: string): Promise<void> {
    const { definition, onError, reading } = this.#options;
    const connector = definition.connectors[name]!;
    const managed: { manager?: SourceManager } = {};
    const gate = new Gate();
    // Before the source, so that it is closed behind it.
    const lines = await this.kernels.lines(name, planSource(connector, undefined, this.#alias(name)));
    const part = await this.#launch(name, "source", connector, asSource, () => managed.manager, gate);
    const out = this.#fanout(name, "out");
    const { codec, newInterceptors, stages } = planSource(connector, part, this.#alias(name));
    const read = stages.length === 0 ? out : new Fanout();
    if (read !== out) read.link(await this.#startStages(name, stages, out));
    const manager = managed.manager = new SourceManager({
      alias: this.#alias(name),
      part,
      codec,
      preprocessors: newInterceptors(),
      newPreprocessors: newInterceptors,
      lines: codec.name === "json" ? lines : undefined,
      batchEvents: connector.batchEvents,
      batchBytes: connector.batchBytes,
      out: read,
      signal: reading,
      gate,
      onError,
    });
    const { life } = this.nodes.find((node) => node.role === "source" && node.name === name)!;
    this.sources.push({ name, manager, life, ports: [read, this.#fanout(name, "err")] });
  }

  /** Lets the dead letters hand on what they hold, after every source's ports have drained. */
  async drainDeadLetters(): Promise<void> {
    await Promise.all(this.#options.graph.deadLetters.map((name) => this.#consumers.get(name)!.drain()));
  }

  /** Reads the last numbers of every part and closes it, sources first. What goes wrong is told and stops nothing. */
  async close(): Promise<void> {
    for (const pipeline of this.pipelines.values()) pipeline.close();
    for (const breaker of this.#breakers) breaker[Symbol.dispose]();
    this.#guards.close();
    await this.#buffers.close((name, error) => closeError(this.#alias(name), error), this.#options.onError);
    this.#states.close();
    for (const node of [...this.nodes].reverse()) {
      await closeNode(node, this.#alias(node.name), this.#options.onError);
    }
  }
}
