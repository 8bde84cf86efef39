/** Sources made of what a host program reads itself: streams and async iterables. @module */
import { TextLineStream } from "@std/streams";
import { json } from "../codec/json.ts";
import { encodeUtf8 } from "../codec/utf8.ts";
import type { Batch } from "../data/batch.ts";
import { MAX_EVENT_BYTES } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { PollResult, SourcePart } from "./contract.ts";

/** Turns of the microtask queue an item may take and still join the batch that is being filled. */
const PATIENCE = 12;
/** How long a read waits without a signal before it lets the flow look whether it has to stop, milliseconds. */
const GLANCE_MS = 100;

/** Options of every source made here. */
export interface StreamSourceOptions {
  /** Ends a read that waits; pass `context.signal`. @default {none: stopping may take 100 ms longer} */
  readonly signal?: AbortSignal;
  /** Codec of the items, when the flow names none. @default {the flow's own default, json} */
  readonly codec?: string;
  /** Whether items are pieces of a stream, for preprocessors, or events. @default {"events"} */
  readonly produces?: "chunks" | "events";
}

interface Items {
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  stop(waiting: boolean): void | Promise<void>;
}

/** Drives any iterator; several items that are ready share a batch. */
class ItemSource implements SourcePart {
  readonly produces: "chunks" | "events";
  readonly codec?: string;
  readonly #items: Items;
  readonly #encode: (item: unknown) => Uint8Array;
  readonly #signal: AbortSignal | undefined;
  #pending: Promise<void> | undefined;
  #result: IteratorResult<unknown> | undefined;
  #failure: { readonly thrown: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(
    items: Items,
    encode: (item: unknown) => Uint8Array,
    options: StreamSourceOptions,
  ) {
    const { signal, codec, produces = "events" } = options;
    this.#items = items;
    this.#encode = encode;
    this.#signal = signal;
    this.produces = produces;
    if (codec !== undefined) this.codec = codec;
  }

  async poll(batch: Batch, max: number): Promise<PollResult> {
    if (!this.#ask()) await this.#wait();
    const most = Math.min(max, batch.capacity);
    while (batch.count < most) {
      if (!this.#ask() && !(await this.#soon())) break;
      if (this.#failure !== undefined) throw this.#failure.thrown;
      const result = this.#result!;
      if (result.done === true) return { state: "ended" };
      if (!append(batch, this.#encode(result.value))) break;
      this.#result = undefined;
    }
    return { state: "filled" };
  }

  /** Asks for the next item unless one is there or on its way; `true` when one is there. */
  #ask(): boolean {
    if (this.#result !== undefined || this.#failure !== undefined) return true;
    if (this.#pending !== undefined) return false;
    const next = this.#items.next();
    if (!(next instanceof Promise)) {
      this.#result = next;
      return true;
    }
    this.#pending = next.then(
      (result) => {
        this.#result = result;
      },
      (thrown: unknown) => {
        this.#failure = { thrown };
      },
    ).then(() => {
      this.#pending = undefined;
      this.#wake?.();
    });
    return false;
  }

  async #soon(): Promise<boolean> {
    for (let turn = 0; turn < PATIENCE; turn++) {
      await undefined;
      if (this.#pending === undefined) return true;
    }
    return false;
  }

  async #wait(): Promise<void> {
    const signal = this.#signal;
    // In this order: the signal may be aborted during the turns.
    if (await this.#soon() || signal?.aborted) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (signal === undefined) timer = setTimeout(resolve, GLANCE_MS);
      else signal.addEventListener("abort", this.#wake, { once: true });
    });
    clearTimeout(timer);
    if (this.#wake !== undefined) {
      signal?.removeEventListener("abort", this.#wake);
    }
    this.#wake = undefined;
  }

  close(): void | Promise<void> {
    return this.#items.stop(this.#pending !== undefined);
  }
}

/** `false` when the item has to wait for the next batch. */
function append(batch: Batch, bytes: Uint8Array): boolean {
  const now = performance.timeOrigin + performance.now();
  if (batch.appendBytes(bytes, now)) return true;
  if (batch.count > 0) return false;
  if (bytes.byteLength > MAX_EVENT_BYTES) {
    throw new CaissonError("CAISSON_EVENT_TOO_LARGE", {
      subject: "stream",
      found: `an item of ${bytes.byteLength} bytes`,
      allowed: `at most ${MAX_EVENT_BYTES} bytes`,
    });
  }
  batch.append(batch.addSegment(bytes), 0, bytes.byteLength, now);
  return true;
}

function encodePiece(item: unknown): Uint8Array {
  if (item instanceof Uint8Array) return item;
  return typeof item === "string" ? encodeUtf8(item) : json.encode(item);
}

/**
 * A source of a stream's chunks: bytes and text as they are, anything else as JSON. The stream is cancelled when the
 * flow stops.
 *
 * @example Reading NDJSON, such as the body of a response
 * ```ts
 * import { fromReadableStream, Runtime, toAsyncIterable } from "@caisson/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const { body } = new Response('{"n":1}\n{"n":2}\n');
 * const numbers = toAsyncIterable<{ n: number }>();
 * await using runtime = new Runtime();
 * runtime.provide({
 *   type: "page",
 *   kind: "source",
 *   create: ({ signal }) => fromReadableStream(body!, { signal, produces: "chunks" }),
 * });
 * runtime.provide({ type: "numbers", kind: "sink", create: () => numbers.sink });
 * await runtime.deploy({
 *   name: "lines",
 *   connectors: { page: { type: "page", preprocessors: ["separate"] }, numbers: { type: "numbers" } },
 *   links: [{ from: "page", to: "numbers" }],
 * });
 * assertEquals(await Array.fromAsync(numbers), [{ n: 1 }, { n: 2 }]);
 * ```
 */
export function fromReadableStream(
  stream: ReadableStream<Uint8Array> | ReadableStream<string> | ReadableStream<object>,
  options: StreamSourceOptions = {},
): SourcePart {
  const reader = (stream as ReadableStream<unknown>).getReader();
  return new ItemSource(
    {
      next: () => reader.read() as Promise<IteratorResult<unknown>>,
      stop: () => reader.cancel(),
    },
    encodePiece,
    options,
  );
}

/**
 * A source of the lines of a stream of UTF-8, one event each, without their ends; the codec is `string` unless
 * another one is named, such as `json` for NDJSON.
 */
export function fromTextLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: Omit<StreamSourceOptions, "produces"> = {},
): SourcePart {
  const lines = stream
    .pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))
    .pipeThrough(new TextLineStream());
  return fromReadableStream(lines, { codec: "string", ...options });
}

/**
 * A source of values, each one event, in the codec `json`.
 *
 * @example Numbers
 * ```ts
 * import { fromAsyncIterable, Runtime } from "@caisson/runtime";
 *
 * await using runtime = new Runtime();
 * runtime.provide({ type: "numbers", kind: "source", create: () => fromAsyncIterable([1, 2, 3]) });
 * ```
 */
export function fromAsyncIterable(
  values: Iterable<unknown> | AsyncIterable<unknown>,
  options: Pick<StreamSourceOptions, "signal"> = {},
): SourcePart {
  const iterator = Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
  return new ItemSource(
    {
      next: () => iterator.next(),
      async stop(waiting): Promise<void> {
        const returning = iterator.return?.();
        // A generator that waits for ever takes no return: it is left to the collector.
        if (!waiting) await returning;
      },
    },
    (value) => json.encode(value),
    { ...options, codec: "json" },
  );
}
