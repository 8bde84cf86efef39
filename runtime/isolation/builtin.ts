/**
 * Runs a component written against `@caisson/plugin` in the host itself, with no Worker and no ring: for first-party code,
 * and to see what an isolation costs.
 * @module
 */
import type { Component, Processor, Sink, Source, SourceReply } from "@caisson/plugin";
import type {
  Attempt,
  BatchSinkPart,
  ComponentInstance,
  PartContext,
  PollResult,
  ProcessorPart,
  SourcePart,
  WriteResult,
} from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import { CLASS_TRANSIENT, MAX_EVENTS, RETRY } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Provision } from "../manifest/manifest.ts";
import { createContext } from "./plugin_side/context.ts";
import { describeFault } from "./plugin_side/fault.ts";
import { appendValues } from "./plugin_side/processor_loop.ts";
import { openEvents } from "./plugin_side/slot_events.ts";
import { pluginError } from "./plugin_error.ts";

/** What {@linkcode launchBuiltin} needs. */
export interface LaunchBuiltinOptions {
  /** Name of the plugin, for errors. */
  readonly plugin: string;
  /** Creates the component. */
  readonly component: Component;
  /** What it provides. */
  readonly provision: Provision;
  /** What the instance is given. */
  readonly context: PartContext;
  /** Codec in which a sink or processor gets its payloads. @default {"json"} */
  readonly codec?: string | undefined;
}

/**
 * Creates an instance of a component in the host process. Nothing protects the host from it.
 *
 * @throws {CaissonError} `CAISSON_PLUGIN_THREW` while it is created, `CAISSON_ISOLATION_REFUSED` for a kind that has no
 * shape in `@caisson/plugin`
 *
 * @example A source in ten lines
 * ```ts
 * import { launchBuiltin } from "./builtin.ts";
 * import type { PartContext } from "../connector/contract.ts";
 *
 * const context: PartContext = {
 *   alias: "example/ticks", instance: 1, config: {}, signal: new AbortController().signal, log: () => {},
 * };
 * let next = 0;
 * const { part } = await launchBuiltin({
 *   plugin: "@example/ticks",
 *   component: () => ({ read: () => next < 3 ? { kind: "events", values: [next++] } : { kind: "finished" } }),
 *   provision: { kind: "source", name: "ticks", interface: "source@1.0" },
 *   context,
 * });
 * ```
 */
export async function launchBuiltin(launch: LaunchBuiltinOptions): Promise<ComponentInstance> {
  const { plugin, component, provision, context, codec = "json" } = launch;
  const { alias, config, log } = context;
  const stop = new AbortController();
  const host = new Host(plugin, stop);
  const created = await host.run("open", () =>
    component(createContext({
      alias,
      config,
      // A sink goes on writing after reading has stopped; only its own close ends it.
      signal: provision.kind === "source" ? AbortSignal.any([context.signal, stop.signal]) : stop.signal,
      log: (level, message) => log(level, message),
    }) as never));
  const common = { isolation: "builtin", level: "none" } as const;
  switch (provision.kind) {
    case "source":
      return { ...common, part: { kind: "source", source: new BuiltinSource(host, created as Source, context) } };
    case "sink":
      return { ...common, part: { kind: "sink", sink: new BuiltinSink(host, created as Sink, codec) } };
    case "processor":
      return {
        ...common,
        part: { kind: "processor", processor: new BuiltinProcessor(host, created as Processor, codec) },
      };
    default:
      throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
        subject: `${plugin}: ${provision.name}`,
        found: `a ${provision.kind} as builtin`,
        allowed: "source, sink, processor",
      });
  }
}

/** Turns what a component throws into our errors, as the Worker does. */
class Host {
  readonly #plugin: string;
  readonly #stop: AbortController;

  constructor(plugin: string, stop: AbortController) {
    this.#plugin = plugin;
    this.#stop = stop;
  }

  error(doing: string, thrown: unknown): CaissonError {
    return thrown instanceof CaissonError ? thrown : pluginError(this.#plugin, doing, describeFault(thrown));
  }

  async run<T>(doing: string, call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      throw this.error(doing, thrown);
    }
  }

  async close(component: { close?(): void | Promise<void> }): Promise<void> {
    this.#stop.abort(new DOMException("the component is being closed", "AbortError"));
    await this.run("close", () => component.close?.());
  }
}

const encoder = new TextEncoder();

const FILLED: PollResult = { state: "filled" };
const ENDED: PollResult = { state: "ended" };

class BuiltinSource implements SourcePart {
  readonly produces = "events";
  readonly settlesCopies = true;
  readonly codec = "json";
  readonly #host: Host;
  readonly #source: Source;
  readonly #context: PartContext;
  #rest: readonly unknown[] = [];
  #restAt = 0;

  constructor(host: Host, source: Source, context: PartContext) {
    this.#host = host;
    this.#source = source;
    this.#context = context;
  }

  async connect(attempt: Attempt): Promise<void> {
    await this.#host.run("connect", () => this.#source.connect?.(attempt));
  }

  poll(batch: Batch, max: number): PollResult | Promise<PollResult> {
    if (this.#restAt < this.#rest.length) return this.#append(batch, max);
    try {
      const reply = this.#source.read();
      if (!("then" in reply)) return this.#take(reply, batch, max);
      return reply.then((value) => this.#take(value, batch, max)).catch((thrown) => this.#failed(thrown));
    } catch (thrown) {
      return this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): PollResult {
    // A read that was waiting when the flow stopped has not failed.
    if (this.#context.signal.aborted) return { state: "idle" };
    throw this.#host.error("read", thrown);
  }

  #take(reply: SourceReply, batch: Batch, max: number): PollResult {
    switch (reply.kind) {
      case "events":
        this.#rest = reply.values;
        break;
      case "data":
        this.#rest = reply.chunks;
        break;
      case "idle":
        return { state: "idle", retryAfterMs: reply.retryAfterMs };
      case "finished":
        return ENDED;
    }
    this.#restAt = 0;
    return this.#append(batch, max);
  }

  #append(batch: Batch, max: number): PollResult {
    const now = Date.now();
    while (this.#restAt < this.#rest.length && batch.count < max) {
      const value = this.#rest[this.#restAt];
      const bytes = value instanceof Uint8Array ? value : encoder.encode(JSON.stringify(value));
      if (!batch.appendBytes(bytes, now)) {
        if (batch.count > 0) break;
        this.#restAt++;
        throw this.#host.error("read", new RangeError(`an event of ${bytes.byteLength} bytes does not fit a batch`));
      }
      this.#restAt++;
    }
    return FILLED;
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    this.#source.settle?.({ delivered: batch.count - failures.size, failed: failures.size });
  }

  close(): Promise<void> {
    return this.#host.close(this.#source);
  }
}

class BuiltinSink implements BatchSinkPart {
  readonly accepts = "batches";
  readonly maxEvents = MAX_EVENTS;
  readonly codec: string;
  readonly #host: Host;
  readonly #sink: Sink;

  constructor(host: Host, sink: Sink, codec: string) {
    this.#host = host;
    this.#sink = sink;
    this.codec = codec;
  }

  async connect(attempt: Attempt): Promise<void> {
    await this.#host.run("connect", () => this.#sink.connect?.(attempt));
  }

  async write(batch: Batch): Promise<WriteResult | void> {
    const { events, close } = openEvents(batch, this.codec);
    try {
      const reply = await this.#host.run("write", () => this.#sink.write(events));
      if (reply === undefined || reply.failed.length === 0) return;
      return {
        verdicts: reply.failed.map(({ index }) => ({
          index,
          action: RETRY,
          failureClass: CLASS_TRANSIENT,
          code: 0,
          retryAfterMs: 0,
        })),
        reason: this.#host.error("write", new Error(reply.failed[0]!.reason)),
      };
    } finally {
      close();
    }
  }

  close(): Promise<void> {
    return this.#host.close(this.#sink);
  }
}

class BuiltinProcessor implements ProcessorPart {
  readonly maxEvents = 1024;
  readonly maxBytes: number = 1 << 20;
  /** As in a Worker: processors make more of what they get. */
  readonly output: { readonly capacity: number; readonly arenaBytes: number } = { capacity: 4096, arenaBytes: 4 << 20 };
  readonly codec: string;
  readonly #host: Host;
  readonly #processor: Processor;

  constructor(host: Host, processor: Processor, codec: string) {
    this.#host = host;
    this.#processor = processor;
    this.codec = codec;
  }

  async process(batch: Batch, out: Batch): Promise<void> {
    const { events, close } = openEvents(batch, this.codec);
    try {
      await this.#host.run("process", async () => {
        appendValues(batch, out, await this.#processor.process(events), this.codec);
      });
    } finally {
      close();
    }
  }

  close(): Promise<void> {
    return this.#host.close(this.#processor);
  }
}
