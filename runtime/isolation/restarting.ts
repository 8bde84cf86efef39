/** Parts whose process is started again when it ends unasked: what was in flight fails, what follows goes to the new one. @module */
import type {
  Attempt,
  BatchSinkPart,
  ComponentInstance,
  PartContext,
  PartMetrics,
  PollResult,
  ProcessorPart,
  SourcePart,
  WriteResult,
} from "../connector/contract.ts";
import { sleep } from "../connector/sleep.ts";
import type { Batch } from "../data/batch.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { PluginLink } from "./plugin_link.ts";
import { type RestartOptions, Restarts } from "./restarts.ts";

export type { RestartOptions } from "./restarts.ts";

const IDLE: PollResult = { state: "idle", retryAfterMs: 0 };

/** An instance in a process, as long as that process lives. */
export interface HostedInstance {
  /** What drives it. */
  readonly part: ComponentInstance["part"];
  /** Its process. */
  readonly link: PluginLink;
  /** Ends the process and gives its memory back; called once, when no call is under way. */
  close(): Promise<void>;
}

/** What {@linkcode restartingPart} needs. */
export interface RestartingOptions {
  /** The instance that runs now. */
  readonly first: HostedInstance;
  /** Starts another one. */
  readonly launch: () => Promise<HostedInstance>;
  /** What the instance was given. */
  readonly context: PartContext;
  /** How often, and after what wait. */
  readonly restart?: RestartOptions | undefined;
}

/** A part that survives the end of its process. */
export function restartingPart(options: RestartingOptions): ComponentInstance["part"] {
  const process = new RestartingProcess(options);
  const { part } = options.first;
  switch (part.kind) {
    case "source":
      return { kind: "source", source: new RestartingSource(process, part.source, options.context) };
    case "sink":
      return { kind: "sink", sink: new RestartingSink(process, part.sink as BatchSinkPart) };
    case "processor":
      return { kind: "processor", processor: new RestartingProcessor(process, part.processor) };
  }
}

/** The process that runs now, and how it is replaced. */
class RestartingProcess {
  readonly #options: RestartingOptions;
  readonly #restarts: Restarts;
  readonly #closing = new AbortController();
  #metrics: PartMetrics = {};
  #instance: HostedInstance | undefined;
  #failure: CaissonError | undefined;
  #renewing: Promise<HostedInstance> | undefined;
  #connected: Attempt | undefined;

  constructor(options: RestartingOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options.restart);
    this.#instance = options.first;
  }

  /** The instance, when it can be used at once. */
  get usable(): HostedInstance | undefined {
    const instance = this.#instance;
    return instance !== undefined && instance.link.failure === undefined ? instance : undefined;
  }

  /** Why the instance there is cannot be used. */
  get failure(): CaissonError | undefined {
    return this.#instance?.link.failure;
  }

  /** Whether the instance failed for good. */
  get givenUp(): CaissonError | undefined {
    return this.#failure;
  }

  /** A usable instance, started when there is none. Calls share one start. */
  renew(): Promise<HostedInstance> {
    return this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
  }

  async #renew(): Promise<HostedInstance> {
    if (this.usable !== undefined) return this.usable;
    if (this.#failure !== undefined) throw this.#failure;
    const { launch, context } = this.#options;
    const old = this.#instance;
    const reason = old?.link.failure;
    this.#instance = undefined;
    await old?.close();
    const wait = this.#restarts.next(performance.now());
    if (wait === undefined) {
      const error = this.#giveUp(reason, "it ended too often");
      context.supervised?.({ kind: "quarantine", error });
      throw error;
    }
    if (context.signal.aborted || this.#closing.signal.aborted) {
      throw this.#giveUp(reason, "the flow is stopping");
    }
    context.supervised?.({ kind: "restart", waitMs: wait, cause: reason?.found ?? "it had ended" });
    context.log("warning", `the plugin's process is started again in ${wait} ms`);
    await sleep(wait, AbortSignal.any([context.signal, this.#closing.signal]));
    if (context.signal.aborted || this.#closing.signal.aborted) throw this.#giveUp(reason, "the flow is stopping");
    const instance = await launch();
    if (this.#connected !== undefined) {
      try {
        await connect(instance, { overall: this.#connected.overall + 1, sinceLastSuccess: 1 });
      } catch (thrown) {
        await instance.close().catch(() => {});
        throw thrown;
      }
    }
    return this.#instance = instance;
  }

  #giveUp(reason: CaissonError | undefined, why: string): CaissonError {
    return this.#failure = new CaissonError("CAISSON_PLUGIN_CRASHED", {
      subject: reason?.subject ?? this.#options.context.alias,
      found: `${why} and is not started again${reason === undefined ? "" : `; the last time: ${reason.found}`}`,
      action: "Read what the plugin logged; then replace it with caisson ctl replace, or start the flow again.",
      cause: reason,
    });
  }

  /** What the plugin says about itself; while none runs, what it said last. */
  async metrics(): Promise<PartMetrics> {
    return this.#metrics = await this.usable?.link.metrics() ?? this.#metrics;
  }

  async connect(attempt: Attempt): Promise<void> {
    const instance = this.usable ?? await this.renew();
    await connect(instance, attempt);
    this.#connected = attempt;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // Whoever waits for it is told why; here it only has to be over.
    await this.#renewing?.catch(() => {});
    const instance = this.#instance;
    this.#instance = undefined;
    await instance?.close();
  }
}

async function connect({ part }: HostedInstance, attempt: Attempt): Promise<void> {
  const running = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
  await running.connect?.(attempt);
}

/** A source that goes on with a new process; what its plugin does about what it had read is the plugin's affair. */
class RestartingSource implements SourcePart {
  readonly produces: SourcePart["produces"];
  readonly codec: string;
  readonly #process: RestartingProcess;
  readonly #context: PartContext;
  #reported: unknown;
  /** Who read a batch: a new process knows nothing of what the last one read. */
  readonly #readers = new WeakMap<Batch, HostedInstance>();

  constructor(process: RestartingProcess, first: SourcePart, context: PartContext) {
    this.#process = process;
    this.#context = context;
    this.produces = first.produces;
    this.codec = first.codec ?? "json";
  }

  connect(attempt: Attempt): Promise<void> {
    return this.#process.connect(attempt);
  }

  poll(batch: Batch, max: number): PollResult | Promise<PollResult> {
    const instance = this.#process.usable;
    if (instance === undefined) return this.#again();
    this.#readers.set(batch, instance);
    try {
      const polled = sourceOf(instance).poll(batch, max);
      if (!(polled instanceof Promise)) return polled;
      return polled.catch((thrown) => this.#survive(instance, batch, thrown));
    } catch (thrown) {
      return this.#survive(instance, batch, thrown);
    }
  }

  #survive(instance: HostedInstance, batch: Batch, thrown: unknown): PollResult {
    if (thrown !== instance.link.failure) throw thrown;
    batch.clear();
    this.#report(thrown);
    return IDLE;
  }

  /** A process may also end between two polls: whoever finds out first says so, once. */
  #report(failure: unknown): void {
    if (failure === this.#reported) return;
    this.#reported = failure;
    this.#context.log("error", messageOf(failure));
  }

  async #again(): Promise<PollResult> {
    const { failure } = this.#process;
    if (failure !== undefined) this.#report(failure);
    try {
      await this.#process.renew();
    } catch (thrown) {
      if (this.#context.signal.aborted) return IDLE;
      if (this.#process.givenUp !== undefined) throw thrown;
      this.#context.log("error", messageOf(thrown));
    }
    return IDLE;
  }

  /** What a process that has ended had not published is gone. */
  async finishReading(): Promise<void> {
    const instance = this.#process.usable;
    if (instance !== undefined) await sourceOf(instance).finishReading?.();
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    const instance = this.#process.usable;
    if (instance !== undefined && instance === this.#readers.get(batch)) sourceOf(instance).settle?.(batch, failures);
  }

  /** What the plugin says about itself. */
  metrics(): Promise<PartMetrics> {
    return this.#process.metrics();
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

function sourceOf({ part }: HostedInstance): SourcePart {
  return (part as { readonly source: SourcePart }).source;
}

/** A sink that goes on with a new process. */
class RestartingSink implements BatchSinkPart {
  readonly accepts = "batches";
  readonly codec?: string;
  readonly maxEvents: number;
  readonly inFlight: number;
  readonly #process: RestartingProcess;

  constructor(process: RestartingProcess, first: BatchSinkPart) {
    this.inFlight = first.inFlight ?? 1;
    this.#process = process;
    if (first.codec !== undefined) this.codec = first.codec;
    this.maxEvents = first.maxEvents;
  }

  connect(attempt: Attempt): Promise<void> {
    return this.#process.connect(attempt);
  }

  write(batch: Batch): void | WriteResult | Promise<void | WriteResult> {
    const instance = this.#process.usable;
    if (instance !== undefined) return sinkOf(instance).write(batch);
    return this.#process.renew().then((renewed) => sinkOf(renewed).write(batch));
  }

  /** What the plugin says about itself. */
  metrics(): Promise<PartMetrics> {
    return this.#process.metrics();
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

function sinkOf({ part }: HostedInstance): BatchSinkPart {
  return (part as { readonly sink: BatchSinkPart }).sink;
}

/** A processor that goes on with a new process. */
class RestartingProcessor implements ProcessorPart {
  readonly codec?: string;
  readonly maxEvents: number;
  readonly maxBytes?: number;
  readonly output?: NonNullable<ProcessorPart["output"]>;
  readonly #process: RestartingProcess;

  constructor(process: RestartingProcess, first: ProcessorPart) {
    this.#process = process;
    if (first.codec !== undefined) this.codec = first.codec;
    if (first.maxBytes !== undefined) this.maxBytes = first.maxBytes;
    if (first.output !== undefined) this.output = first.output;
    this.maxEvents = first.maxEvents;
  }

  async process(batch: Batch, out: Batch, more?: () => Batch): Promise<void> {
    const instance = this.#process.usable ?? await this.#process.renew();
    await (instance.part as { readonly processor: ProcessorPart }).processor.process(batch, out, more);
  }

  /** What the plugin says about itself. */
  metrics(): Promise<PartMetrics> {
    return this.#process.metrics();
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
