/** Events become entries of a durable buffer, and entries become batches. @module */
import { Batch } from "../data/batch.ts";
import { encodeEntry, type StoredEvent } from "./buffer_entry.ts";
import type { Delivery, Event } from "./delivery.ts";

/** Most events of one entry; what is in flight when a process dies is delivered again. */
const ENTRY_EVENTS = 1024;
/** Payload bytes after which an entry is full; one event may be larger. */
const ENTRY_BYTES = 1 << 20;

/** One entry, ready to be written. */
export interface FullEntry {
  /** What is written. */
  readonly data: Uint8Array;
  /** How many events it holds. */
  readonly events: number;
}

/** A delivery that is not on disk yet. */
export interface PendingDelivery {
  /** Settled when it is. */
  readonly delivery: Delivery;
  /** Its events. */
  readonly entries: readonly FullEntry[];
}

/**
 * Packs events into entries, in order.
 *
 * @param encode the bytes of an event; `undefined` leaves it out, because whoever encodes has failed it
 */
export function entriesOf(events: Iterable<Event>, encode: (event: Event) => Uint8Array | undefined): FullEntry[] {
  const entries: FullEntry[] = [];
  let stored: StoredEvent[] = [];
  let bytes = 0;
  const end = (): void => {
    if (stored.length > 0) entries.push({ data: encodeEntry(stored), events: stored.length });
    stored = [];
    bytes = 0;
  };
  for (const event of events) {
    const payload = encode(event);
    if (payload === undefined) continue;
    if (stored.length === ENTRY_EVENTS || bytes + payload.byteLength > ENTRY_BYTES) end();
    stored.push({ bytes: payload, timestamp: event.timestamp });
    bytes += payload.byteLength;
  }
  end();
  return entries;
}

/** The events of an entry as a batch. */
export function batchOf(events: readonly StoredEvent[]): Batch {
  const arenaBytes = events.reduce((sum, { bytes }) => sum + ((bytes.byteLength + 7) & ~7), 0);
  const batch = Batch.allocate({ capacity: events.length, arenaBytes });
  for (const { bytes, timestamp } of events) batch.appendBytes(bytes, timestamp);
  return batch;
}
