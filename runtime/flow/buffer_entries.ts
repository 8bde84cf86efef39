/** Events become entries of a durable buffer. @module */
import type { Codec } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { openEntry, sealEntry } from "./buffer_entry.ts";
import { type Delivery, type Event, eventsOf } from "./delivery.ts";
import { EventEncoder } from "./event_encoder.ts";

/** Most events of one entry; what is in flight when a process dies is delivered again. */
const ENTRY_EVENTS = 1024;
/** Bytes after which an entry is full; one event may be larger. */
const ENTRY_BYTES = 1 << 20;
/** Payloads keep how they lie to multiples of this, so each may need as much more. */
const ALIGNMENT = 8;

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

/** Packs all events of a batch into entries, in order, with their keys and metadata. */
export function entriesOfBatch(batch: Batch): FullEntry[] {
  const entries: FullEntry[] = [];
  for (let start = 0; start < batch.count;) {
    let bytes = 0;
    let end = start;
    while (end < batch.count && end - start < ENTRY_EVENTS) {
      const more = batch.copiedBytes(end) + ALIGNMENT;
      if (end > start && bytes + more > ENTRY_BYTES) break;
      bytes += more;
      end++;
    }
    const entry = openEntry(end - start, bytes);
    start += entry.copyFrom(batch, start);
    add(entries, entry);
  }
  return entries;
}

/**
 * Packs the events of a delivery into entries, in order.
 *
 * @param onFailed told about an event that cannot be encoded, which is left out
 */
export function entriesOf(
  delivery: Delivery,
  codec: Codec,
  onFailed: (event: Event, error: unknown) => void,
): FullEntry[] {
  const { batch, events: chosen } = delivery;
  if (chosen === undefined && batch !== undefined && delivery.codec.name === codec.name) return entriesOfBatch(batch);
  const entries: FullEntry[] = [];
  const events = eventsOf(delivery);
  const encoder = new EventEncoder(events, codec);
  let group: { readonly event: Event; readonly made: Uint8Array | undefined }[] = [];
  let bytes = 0;
  const end = (): void => {
    const entry = openEntry(Math.max(1, group.length), bytes);
    for (const { event, made } of group) {
      if (made === undefined) entry.appendCopy(event.batch!, event.index);
      else entry.appendBytes(made, event.timestamp);
    }
    add(entries, entry);
    group = [];
    bytes = 0;
  };
  for (const [index, event] of events.entries()) {
    let made: Uint8Array | undefined;
    try {
      if (!event.hasBytes(codec)) made = encoder.bytes(index);
    } catch (error) {
      onFailed(event, error);
      continue;
    }
    const more = made === undefined ? event.batch!.copiedBytes(event.index) : (made.byteLength + 7) & ~7;
    if (group.length === ENTRY_EVENTS || (group.length > 0 && bytes + more > ENTRY_BYTES)) end();
    group.push({ event, made });
    bytes += more;
  }
  end();
  return entries;
}

function add(entries: FullEntry[], entry: Batch): void {
  const data = sealEntry(entry);
  if (data !== undefined) entries.push({ data, events: entry.count });
}
