/** What moves along a link: a batch, how its bytes decode, and whom to tell. @module */
import type { Batch } from "../data/batch.ts";
import type { Codec } from "../codec/codec.ts";
import type { Settlement } from "./settlement.ts";

/** One event as operators and sinks see it; its value is decoded on first use. */
export class Event {
  /** The batch its raw bytes lie in, or `undefined` for an event an operator made. */
  readonly batch: Batch | undefined;
  /** Index of its record in {@linkcode batch}. */
  readonly index: number;
  /** Decodes its raw bytes. */
  readonly codec: Codec;
  /** Settles it; `undefined` where nobody waits for a verdict. */
  readonly settlement: Settlement | undefined;
  /** Index in the batch its source filled, for {@linkcode Settlement.fail}. */
  readonly origin: number;
  readonly #stream: number;
  #timestamp: number;
  #value: unknown;
  #decoded: boolean;

  /** Use {@linkcode Event.raw}, {@linkcode Event.made} or {@linkcode Event.with}. */
  constructor(
    batch: Batch | undefined,
    index: number,
    timestamp: number,
    codec: Codec,
    settlement: Settlement | undefined,
    origin: number,
    value: unknown,
    decoded: boolean,
    stream = 0,
  ) {
    this.batch = batch;
    this.index = index;
    this.#timestamp = timestamp;
    this.codec = codec;
    this.settlement = settlement;
    this.origin = origin;
    this.#stream = stream;
    this.#value = value;
    this.#decoded = decoded;
  }

  /** An event whose bytes lie in a batch; `origin` is its index in the source's batch. */
  static raw(
    batch: Batch,
    index: number,
    codec: Codec,
    settlement?: Settlement,
    origin: number = index,
  ): Event {
    return new Event(
      batch,
      index,
      NaN,
      codec,
      settlement,
      origin,
      undefined,
      false,
    );
  }

  /** An event made of a value, with no bytes yet. */
  static made(value: unknown, codec: Codec, timestamp: number): Event {
    return new Event(undefined, 0, timestamp, codec, undefined, 0, value, true);
  }

  /** The same event with another value; its raw bytes no longer count. */
  with(value: unknown): Event {
    // Not by the getter: a cursor is moved on before anybody asks again.
    const timestamp = Number.isNaN(this.#timestamp) ? this.batch!.timestampMs(this.index) : this.#timestamp;
    return new Event(
      undefined,
      0,
      timestamp,
      this.codec,
      this.settlement,
      this.origin,
      value,
      true,
      this.stream,
    );
  }

  /** The same event, its verdict given to another settlement under a number of its own. */
  settledBy(settlement: Settlement, origin = 0): Event {
    return new Event(
      this.batch,
      this.index,
      this.timestamp,
      this.codec,
      settlement,
      origin,
      this.#value,
      this.#decoded,
      this.#stream,
    );
  }

  /** When it entered the system, milliseconds since 1970. */
  get timestamp(): number {
    // Few steps ask, and to have it ready for all costs as much as one of them.
    if (Number.isNaN(this.#timestamp)) this.#timestamp = this.batch!.timestampMs(this.index);
    return this.#timestamp;
  }

  /** Number of the stream of its source that it came from, 0 where there is only one or it was made of several events. */
  get stream(): number {
    return this.batch === undefined ? this.#stream : this.batch.partition(this.index);
  }

  /** Whether the bytes in {@linkcode batch} still are the event. */
  get isRaw(): boolean {
    return this.batch !== undefined;
  }

  /**
   * The event's value, decoded on first use. Treat it as read-only: branches share it.
   *
   * @throws {CaissonError} `CAISSON_CODEC_DECODE` when the bytes do not decode.
   */
  get value(): unknown {
    if (!this.#decoded) {
      const { codec, index } = this;
      const batch = this.batch!;
      this.#value = codec.decodeOf === undefined
        ? codec.decode(batch.payload(index), this.timestamp)
        : codec.decodeOf(batch, index);
      this.#decoded = true;
    }
    return this.#value;
  }

  /**
   * Makes it stand for another event of its batch; its index there is its {@linkcode Event.origin}, too. For whoever hands
   * a thousand events to somebody who keeps none of them: making one object for each costs more than many a step.
   */
  moveTo(index: number): this {
    const self = this as { index: number; origin: number };
    self.index = self.origin = index;
    this.#timestamp = NaN;
    this.#value = undefined;
    this.#decoded = false;
    return this;
  }

  /**
   * Lets go of a decoded value that can be had again from the bytes: a thousand values kept until their batch has been
   * passed on cost more to collect than to make.
   */
  forget(): void {
    if (this.batch === undefined) return;
    this.#value = undefined;
    this.#decoded = false;
  }

  /** Whether {@linkcode Event.bytes} has nothing to encode. */
  hasBytes(codec: Codec): boolean {
    return this.batch !== undefined && codec.name === this.codec.name;
  }

  /** The raw bytes, or the value encoded by `codec` when an operator made it. */
  bytes(codec: Codec): Uint8Array {
    return this.hasBytes(codec) ? this.batch!.payload(this.index) : codec.encode(this.value);
  }
}

/** One batch, or what an operator made of it, on its way along a link. Whoever takes it releases its settlement once. */
export interface Delivery {
  /** Raw records; with {@linkcode events} absent, all of them are meant. */
  readonly batch: Batch | undefined;
  /** The events meant, in order; absent means every record of {@linkcode batch}, untouched. */
  readonly events: readonly Event[] | undefined;
  /** How raw bytes decode. */
  readonly codec: Codec;
  /** Released once by each taker. */
  readonly settlement: Settlement;
}

/** Number of events in a delivery. */
export function eventCount(delivery: Delivery): number {
  return delivery.events?.length ?? delivery.batch!.count;
}

/** The events of a delivery, made on demand. */
export function eventsOf(delivery: Delivery): readonly Event[] {
  if (delivery.events !== undefined) return delivery.events;
  const batch = delivery.batch!;
  const events: Event[] = new Array(batch.count);
  for (let index = 0; index < events.length; index++) {
    events[index] = Event.raw(
      batch,
      index,
      delivery.codec,
      delivery.settlement,
    );
  }
  return events;
}

/** Something that takes deliveries: an input port of a pipeline, processor or sink. */
export interface Consumer {
  /** Takes a delivery; a promise means: wait for it before the next one. */
  push(delivery: Delivery): void | Promise<void>;
  /** Whether it looks at values of events in this codec, and not only at their bytes. @default {true} */
  readsValues?(codec: Codec): boolean;
  /** Nothing more will come from one of its producers; resolves when what is held has been passed on. */
  drain(): Promise<void>;
}
