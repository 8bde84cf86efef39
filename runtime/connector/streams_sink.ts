/** Sinks made of what a host program takes itself: streams and async iteration. @module */
import { CLASS_TRANSIENT, RETRY } from "../data/layout.ts";
import type { VerdictEntry } from "../data/batch.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Event } from "../flow/delivery.ts";
import type { ByteSinkPart, ValueSinkPart, WriteResult } from "./contract.ts";

/** Options of {@linkcode toWritableStream}. */
export interface StreamSinkOptions {
  /** Codec of the bytes, when the flow names none. @default {the flow's own default, json} */
  readonly codec?: string;
  /** Leave the stream open when the flow stops. @default {false} */
  readonly preventClose?: boolean;
}

/**
 * A sink that writes encoded events to a stream, one chunk a batch; the stream's own queue makes the flow wait.
 *
 * Name a postprocessor such as `separate` in the flow: nothing else tells events apart.
 */
export function toWritableStream(
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  options: StreamSinkOptions = {},
): ByteSinkPart {
  const { codec, preventClose = false } = options;
  const writer = stream.getWriter();
  let failed = false;
  return {
    accepts: "bytes",
    joinsChunks: true,
    ...(codec === undefined ? {} : { codec }),
    async write(chunks): Promise<void> {
      try {
        await writer.ready;
        // A stream may hand a chunk on and be done with it; the payloads' memory is used again after this write.
        await writer.write(joined(chunks));
      } catch (error) {
        failed = true;
        throw error;
      }
    },
    async close(): Promise<void> {
      if (!failed && !preventClose) await writer.close();
      writer.releaseLock();
    },
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(
    chunks.reduce((length, chunk) => length + chunk.byteLength, 0),
  );
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** What {@linkcode toAsyncIterable} returns: iterate over it, and give its sink to a flow. */
export interface IterableSink<T> extends AsyncIterable<T> {
  /** The sink a flow writes to. */
  readonly sink: ValueSinkPart;
}

/**
 * A sink whose values the host program takes with `for await`.
 *
 * An event counts as delivered when the program comes back for the next one, so nothing piles up and a slow program
 * makes the flow wait. Events that were never taken, because the program left the loop, fail. One loop, once.
 *
 * @example Taking values
 * ```ts
 * import { fromAsyncIterable, Runtime, toAsyncIterable } from "@caisson/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const results = toAsyncIterable<{ status: number }>();
 * await using runtime = new Runtime();
 * runtime.provide({ type: "answers", kind: "source", create: () => fromAsyncIterable([{ status: 200 }, { status: 503 }]) });
 * runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
 * await runtime.deploy({
 *   name: "failures",
 *   connectors: { answers: { type: "answers" }, results: { type: "results" } },
 *   pipelines: { failures: [{ filter: [">=", ["field", "status"], 500] }] },
 *   links: [{ from: "answers", to: "failures" }, { from: "failures", to: "results" }],
 * });
 * for await (const { status } of results) assertEquals(status, 503);
 * ```
 */
export function toAsyncIterable<T = unknown>(): IterableSink<T> {
  const handover = new Handover<T>();
  return { sink: handover, [Symbol.asyncIterator]: () => handover };
}

/** One write at a time, taken value by value. */
class Handover<T> implements ValueSinkPart, AsyncIterator<T, undefined> {
  readonly accepts = "values";
  #values: { readonly index: number; readonly value: T }[] = [];
  #taken = 0;
  #finishWrite: (() => void) | undefined;
  #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #ended = false;
  #left = false;

  async write(events: readonly Event[]): Promise<void | WriteResult> {
    if (this.#left) throw nobodyThere();
    const verdicts: VerdictEntry[] = [];
    const values: { index: number; value: T }[] = [];
    let reason: unknown;
    for (const [index, event] of events.entries()) {
      try {
        values.push({ index, value: owned(event.value) as T });
      } catch (error) {
        reason ??= error;
        verdicts.push(refused(index));
      }
    }
    if (values.length > 0) await this.#offer(values);
    for (const { index } of this.#values.slice(this.#taken)) {
      reason ??= nobodyThere();
      verdicts.push(refused(index));
    }
    this.#values = [];
    this.#taken = 0;
    if (verdicts.length > 0) return { verdicts, reason };
  }

  #offer(values: readonly { index: number; value: T }[]): Promise<void> {
    this.#values = [...values];
    this.#taken = 0;
    return new Promise((resolve) => {
      this.#finishWrite = resolve;
      while (this.#waiting.length > 0 && this.#taken < values.length) {
        this.#waiting.shift()!({
          done: false,
          value: values[this.#taken++]!.value,
        });
      }
      if (this.#waiting.length > 0) this.#finish();
    });
  }

  #finish(): void {
    const finish = this.#finishWrite;
    this.#finishWrite = undefined;
    finish?.();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#finishWrite !== undefined) {
      const entry = this.#values[this.#taken];
      if (entry !== undefined) {
        this.#taken++;
        return Promise.resolve({ done: false, value: entry.value });
      }
    }
    if (this.#ended || this.#left) {
      this.#finish();
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#finish();
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#left = true;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  close(): void {
    this.#ended = true;
    this.#end();
  }

  #end(): void {
    this.#finish();
    for (const resolve of this.#waiting.splice(0)) {
      resolve({ done: true, value: undefined });
    }
  }
}

/** A value that outlives its batch: only decoded bytes are a view of it. */
function owned(value: unknown): unknown {
  return value instanceof Uint8Array ? value.slice() : value;
}

function refused(index: number): VerdictEntry {
  return {
    index,
    action: RETRY,
    failureClass: CLASS_TRANSIENT,
    code: 0,
    retryAfterMs: 0,
  };
}

function nobodyThere(): CaissonError {
  return new CaissonError("CAISSON_SINK_FAILED", {
    subject: "toAsyncIterable",
    found: "the program left the loop",
    action: "Stop the flow when you leave the loop.",
  });
}
