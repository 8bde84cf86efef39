/** Makes of a delivery the batches that a batch sink or processor takes. @module */
import type { Codec } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { MAX_EVENT_BYTES } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { type Delivery, Event } from "../flow/delivery.ts";
import { EventEncoder } from "../flow/event_encoder.ts";
import { BatchPool } from "./batch_pool.ts";

const ARENA_BYTES = 1 << 20;

/** One batch to hand over. */
export interface Feed {
  /** The records. */
  readonly batch: Batch;
  /** Marks the event of a record as failed. */
  fail(index: number, reason: unknown): void;
  /** The taker no longer needs the batch. Call it once. */
  release(): void;
}

/** What a {@linkcode BatchFeeder} needs. */
export interface BatchFeederOptions {
  /** `flow/node`, for errors. */
  readonly alias: string;
  /** What the taker wants; `undefined` takes any. */
  readonly codec: Codec | undefined;
  /** Most events the taker takes at once. */
  readonly maxEvents: number;
  /** Most bytes the taker takes at once, as {@linkcode Batch.copiedBytes} counts them. @default {no limit} */
  readonly maxBytes?: number | undefined;
  /** Told about each event that cannot be encoded; it has to fail it. */
  readonly onError: (event: Event, error: unknown) => void;
}

/**
 * Turns deliveries into batches without moving payloads where it can.
 *
 * Untouched batches are passed as they are; a selection of untouched events passes records and the segment table; only
 * events whose value changed, or whose codec differs, are written anew.
 */
export class BatchFeeder {
  readonly #options: BatchFeederOptions;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #records: BatchPool;
  readonly #copies: BatchPool;

  /** Allocates nothing before the first delivery. */
  constructor(options: BatchFeederOptions) {
    this.#options = options;
    this.#maxEvents = Math.max(1, Math.min(options.maxEvents, 65536));
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#records = new BatchPool({
      capacity: this.#maxEvents,
      arenaBytes: 0,
      segments: 16,
    }, 8);
    this.#copies = new BatchPool({
      capacity: this.#maxEvents,
      arenaBytes: Math.min(ARENA_BYTES, this.#maxBytes),
    }, 8);
  }

  /** The batches of a delivery, in order. */
  *feed(delivery: Delivery): Generator<Feed, void, void> {
    const { batch, events, settlement } = delivery;
    const codec = this.#options.codec ?? delivery.codec;
    if (
      events === undefined && codec.name === delivery.codec.name &&
      batch!.count <= this.#maxEvents && this.#fits(batch!)
    ) {
      yield {
        batch: batch!,
        fail: (index, reason) => settlement.fail(index, reason),
        release: () => {},
      };
      return;
    }
    const all = events ?? rawEvents(delivery);
    const passable = batch !== undefined &&
      all.every((event) => event.batch === batch && event.codec.name === codec.name);
    if (
      passable && all.length === batch.count && all.length <= this.#maxEvents && inOrder(all) && this.#fits(batch)
    ) {
      // Operators looked at every event and changed none: the batch is what it was.
      yield { batch, fail: (index, reason) => failEvent(all[index]!, reason), release: () => {} };
      return;
    }
    for (let from = 0; from < all.length;) {
      const taken: Event[] = [];
      const pool = passable ? this.#records : this.#copies;
      const target = pool.takeExtra();
      const next = passable
        ? this.#passRecords(all, from, target, batch, taken)
        : this.#copy(all, from, target, codec, taken);
      // The first event of all may be larger than any pooled arena.
      const fed = next === from ? this.#copyLarge(all[from]!, codec, taken) : target;
      from = Math.max(
        next,
        from + taken.length,
        from + (next === from ? 1 : 0),
      );
      if (fed !== target || taken.length === 0) pool.give(target);
      if (taken.length === 0) continue;
      yield {
        batch: fed,
        fail: (index, reason) => failEvent(taken[index]!, reason),
        release: () => fed === target && pool.give(target),
      };
    }
  }

  #passRecords(
    events: readonly Event[],
    from: number,
    target: Batch,
    source: Batch,
    taken: Event[],
  ): number {
    target.shareSegments(source);
    const most = Math.min(events.length, from + this.#maxEvents);
    let bytes = 0;
    let next = from;
    for (; next < most; next++) {
      const event = events[next]!;
      if (this.#maxBytes < Infinity) {
        bytes += source.copiedBytes(event.index);
        if (bytes > this.#maxBytes && next > from) break;
      }
      target.appendRecord(source, event.index);
      taken.push(event);
    }
    return next;
  }

  #fits(batch: Batch): boolean {
    let room = this.#maxBytes;
    if (room === Infinity) return true;
    for (let index = 0; index < batch.count && room >= 0; index++) room -= batch.copiedBytes(index);
    return room >= 0;
  }

  #copy(
    events: readonly Event[],
    from: number,
    target: Batch,
    codec: Codec,
    taken: Event[],
  ): number {
    let next = from;
    const encoder = new EventEncoder(events, codec);
    for (; next < events.length; next++) {
      const event = events[next]!;
      const bytes = this.#encode(event, encoder, next);
      if (bytes === undefined) continue;
      if (!target.appendBytes(bytes, event.timestamp)) break;
      target.setPartition(target.count - 1, event.stream);
      taken.push(event);
    }
    return next;
  }

  #copyLarge(event: Event, codec: Codec, taken: Event[]): Batch {
    const bytes = event.bytes(codec);
    const batch = new BatchPool(
      { capacity: 1, arenaBytes: bytes.byteLength },
      1,
    ).takeExtra();
    batch.appendBytes(bytes, event.timestamp);
    batch.setPartition(0, event.stream);
    taken.push(event);
    return batch;
  }

  /** The bytes of an event; one that cannot be encoded is failed, and the others go on. */
  #encode(event: Event, encoder: EventEncoder, index: number): Uint8Array | undefined {
    try {
      const bytes = encoder.bytes(index);
      if (bytes.byteLength <= MAX_EVENT_BYTES) return bytes;
      throw new CaissonError("CAISSON_EVENT_TOO_LARGE", {
        subject: this.#options.alias,
        found: `an event of ${bytes.byteLength} bytes`,
        allowed: `at most ${MAX_EVENT_BYTES} bytes`,
      });
    } catch (error) {
      this.#options.onError(event, error);
      return undefined;
    }
  }
}

/** Marks an event as failed with whoever waits for its verdict. */
export function failEvent(event: Event, reason: unknown): void {
  event.settlement?.fail(event.origin, reason);
}

/** Whether these are all events of their batch, each once. */
function inOrder(events: readonly Event[]): boolean {
  return events.every((event, index) => event.index === index);
}

function rawEvents(delivery: Delivery): readonly Event[] {
  const batch = delivery.batch!;
  return Array.from(
    { length: batch.count },
    (_, index) => Event.raw(batch, index, delivery.codec, delivery.settlement),
  );
}
