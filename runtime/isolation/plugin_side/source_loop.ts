/** Reads a source in its Worker and fills the ring. @module */
import type { Source, SourceReply } from "@caisson/plugin";
import type { RingProducer } from "../../data/ring_producer.ts";
import { sleepUntil } from "./context.ts";

/** A timer that is set for longer rings at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** How long the loop may keep the Worker's event loop to itself, milliseconds. */
const TURN_MS = 5;

/** What {@linkcode SourceLoop} needs. */
export interface SourceLoopOptions {
  /** The plugin's source. */
  readonly source: Source;
  /** Where events go. */
  readonly output: RingProducer;
  /** Events delivered and failed so far, counted by the host modulo 2^32. */
  readonly settled: Int32Array;
  /** Aborted when reading has to stop. */
  readonly signal: AbortSignal;
  /** Told when a read failed; reading stops until it is started again. */
  readonly onFailed: (thrown: unknown) => void;
}

const encoder = new TextEncoder();

/** Reads while there is room; publishes early when the host waits and late when it is behind. */
export class SourceLoop {
  readonly #options: SourceLoopOptions;
  readonly #settled: Int32Array;
  #delivered = 0;
  #failed = 0;
  #running: Promise<void> | undefined;
  #lastTurn = 0;
  /** When the reply at hand came: one clock reading for all of its events. */
  #now = 0;

  /** Reads nothing before {@linkcode start}. */
  constructor(options: SourceLoopOptions) {
    this.#options = options;
    this.#settled = options.settled;
  }

  /** Starts reading, unless it is. */
  start(): void {
    this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  /** Resolves when nothing is being read any more. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  /** Tells the source what became of its events since it was last told. */
  tellSettled(): void {
    const { source } = this.#options;
    if (source.settle === undefined) return;
    const delivered = Atomics.load(this.#settled, 0);
    const failed = Atomics.load(this.#settled, 1);
    if (delivered === this.#delivered && failed === this.#failed) return;
    const since = {
      delivered: (delivered - this.#delivered) >>> 0,
      failed: (failed - this.#failed) >>> 0,
    };
    this.#delivered = delivered;
    this.#failed = failed;
    source.settle(since);
  }

  async #run(): Promise<void> {
    const { source, output, signal, onFailed } = this.#options;
    this.#lastTurn = performance.now();
    try {
      while (!signal.aborted && !output.closed) {
        this.tellSettled();
        let reply: SourceReply | Promise<SourceReply> = source.read();
        if (isPromise(reply)) {
          output.publish();
          reply = await reply;
        }
        if (!await this.#take(reply)) return;
        if (performance.now() - this.#lastTurn > TURN_MS) await this.#turn();
      }
    } catch (thrown) {
      if (signal.aborted || output.closed) return;
      output.publish();
      onFailed(thrown);
    } finally {
      // What was read before it was stopped is not lost: whoever stopped it may still take it.
      if (!output.closed) output.publish();
    }
  }

  /** Lets messages and timers in. */
  async #turn(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#lastTurn = performance.now();
  }

  /** Passes a reply on; `false` when it was the last. */
  async #take(reply: SourceReply): Promise<boolean> {
    const { output, signal } = this.#options;
    this.#now = Date.now();
    switch (reply.kind) {
      case "events":
        for (const value of reply.values) {
          if (!this.#append(encodeJson(value))) {
            await this.#appendLater(encodeJson(value));
          }
        }
        break;
      case "data":
        for (const chunk of reply.chunks) {
          if (!this.#append(chunk)) await this.#appendLater(chunk);
        }
        break;
      case "idle":
        output.publish();
        await sleepUntil(
          Math.min(Math.max(0, Number(reply.retryAfterMs) || 0), LONGEST_MS),
          signal,
        );
        return true;
      case "finished":
        output.publish();
        output.close();
        return false;
      default:
        throw new TypeError(
          `read returned kind ${String((reply as { kind?: unknown })?.kind)}; ` +
            "allowed: events, data, idle, finished",
        );
    }
    // The host waits for more: what is there goes now, however little it is.
    if (output.pending === 0) output.publish();
    return true;
  }

  /** Appends to the slot at hand or the next; `false` when there is no free one. */
  #append(bytes: Uint8Array): boolean {
    const { output } = this.#options;
    for (;;) {
      const slot = output.claim();
      if (slot === undefined) return false;
      if (slot.appendBytes(bytes, this.#now)) return true;
      if (slot.count === 0) {
        throw new RangeError(
          `an event of ${bytes.byteLength} bytes is larger than the ${slot.arena.byteLength} bytes a batch holds`,
        );
      }
      output.publish();
    }
  }

  async #appendLater(bytes: Uint8Array): Promise<void> {
    const { output } = this.#options;
    do {
      // Not with the signal: what was read goes out when there is room, or when nobody takes it any longer, not at all.
      if (!await output.waitForRoom()) {
        throw new DOMException("stopped", "AbortError");
      }
    } while (!this.#append(bytes));
    this.#lastTurn = performance.now();
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}

function encodeJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(
      `read returned a value JSON cannot express: ${typeof value}`,
    );
  }
  return encoder.encode(text);
}
