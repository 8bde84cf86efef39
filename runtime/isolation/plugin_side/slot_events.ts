/** The events of one batch as a plugin sees them. @module */
import type { SinkEvent } from "@caisson/plugin";
import { BatchText } from "../../codec/batch_text.ts";
import type { Batch } from "../../data/batch.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

function decode(codec: string, bytes: Uint8Array): unknown {
  switch (codec) {
    case "binary":
      return bytes;
    case "string":
      return strict.decode(bytes);
    case "json":
      return JSON.parse(strict.decode(bytes));
    default:
      throw new TypeError(
        `value is not available: codec ${codec} runs in the host only; use data`,
      );
  }
}

/** A batch while a plugin works on it. */
class Opened {
  readonly batch: Batch;
  readonly codec: string;
  #copy: Uint8Array | undefined;
  // Not kept with the batch: a slot is filled again without this side's knowing.
  readonly #text = new BatchText();
  #closed = false;

  constructor(batch: Batch, codec: string) {
    this.batch = batch;
    this.codec = codec;
  }

  close(): void {
    this.#closed = true;
  }

  #check(): void {
    if (this.#closed) {
      throw new TypeError(
        "an event was read after its call had ended; copy what you keep",
      );
    }
  }

  data(index: number): Uint8Array {
    this.#check();
    return this.batch.payload(index);
  }

  timestamp(index: number): number {
    this.#check();
    return this.batch.timestampMs(index);
  }

  /** Decoding needs memory that is not shared: the batch's own arena is copied once, on first use. */
  value(index: number): unknown {
    this.#check();
    const { batch, codec } = this;
    if (codec === "json") {
      // Many events at a time. Not for texts themselves: one that a plugin keeps would keep its neighbours.
      const text = this.#text.of(batch, index);
      if (text !== undefined) return JSON.parse(text);
    }
    if (batch.payloadSegment(index) !== 0 || batch.segmentCount !== 1) {
      const bytes = batch.payload(index);
      return decode(
        codec,
        bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice(),
      );
    }
    const segment = batch.segmentView(0);
    this.#copy ??= segment.buffer instanceof ArrayBuffer ? segment : segment.slice(0, batch.segmentLength(0));
    const offset = batch.payloadOffset(index);
    return decode(
      codec,
      this.#copy.subarray(offset, offset + batch.payloadLength(index)),
    );
  }
}

const UNDECODED = Symbol("undecoded");

class SlotEvent implements SinkEvent {
  readonly #opened: Opened;
  readonly #index: number;
  #value: unknown = UNDECODED;

  constructor(opened: Opened, index: number) {
    this.#opened = opened;
    this.#index = index;
  }

  get timestamp(): number {
    return this.#opened.timestamp(this.#index);
  }

  get data(): Uint8Array {
    return this.#opened.data(this.#index);
  }

  get value(): unknown {
    if (this.#value === UNDECODED) this.#value = this.#opened.value(this.#index);
    return this.#value;
  }
}

/** Events of a batch, and how to end their life. */
export interface OpenedEvents {
  /** In order. */
  readonly events: readonly SinkEvent[];
  /** After this, reading `data`, `timestamp` or an undecoded `value` throws. */
  close(): void;
}

/** Makes the events of a batch; nothing is decoded before a plugin asks. */
export function openEvents(batch: Batch, codec: string): OpenedEvents {
  const opened = new Opened(batch, codec);
  const { count } = batch;
  const events: SinkEvent[] = new Array(count);
  for (let index = 0; index < count; index++) {
    events[index] = new SlotEvent(opened, index);
  }
  return { events, close: () => opened.close() };
}
