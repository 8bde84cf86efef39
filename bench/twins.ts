/** Blaster and blackhole as builtin connectors: what the plugins are held against. @module */
import type { BatchSinkPart, PartMetrics, PollResult, SourcePart } from "../runtime/connector/contract.ts";
import type { Batch } from "../runtime/data/batch.ts";

const FILLED: PollResult = { state: "filled" };

/** Events in one stretch of memory. */
export interface Region {
  /** All bytes. */
  readonly bytes: Uint8Array;
  /** Where each event starts. */
  readonly offsets: Uint32Array;
  /** How long each event is. */
  readonly lengths: Uint32Array;
}

/** The events of a text with one event a line. */
export function regionOfLines(bytes: Uint8Array): Region {
  const offsets: number[] = [];
  const lengths: number[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.byteLength : newline;
    if (end > at) {
      offsets.push(at);
      lengths.push(end - at);
    }
    at = end + 1;
  }
  return { bytes, offsets: Uint32Array.from(offsets), lengths: Uint32Array.from(lengths) };
}

/** The events of bytes where four bytes of length, big-endian, stand before each. */
export function regionOfPrefixed(bytes: Uint8Array): Region {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets: number[] = [];
  const lengths: number[] = [];
  for (let at = 0; at + 4 <= bytes.byteLength;) {
    const length = view.getUint32(at);
    offsets.push(at + 4);
    lengths.push(length);
    at += 4 + length;
  }
  return { bytes, offsets: Uint32Array.from(offsets), lengths: Uint32Array.from(lengths) };
}

/** `count` events of `length` bytes each. */
export function regionOfSize(length: number, count = 64): Region {
  return {
    bytes: new Uint8Array(length * count).fill(0x61),
    offsets: Uint32Array.from({ length: count }, (_, n) => n * length),
    lengths: new Uint32Array(count).fill(length),
  };
}

/** Replays a region for ever; an event is a record that points into it. */
export class ReplayTwin implements SourcePart {
  readonly produces = "events";
  readonly #region: Region;
  #next = 0;

  /** Starts at the first event. */
  constructor(region: Region) {
    this.#region = region;
  }

  /** Fills the batch with the next events. */
  poll(batch: Batch, max: number): PollResult {
    const { bytes, offsets, lengths } = this.#region;
    const segment = batch.addSegment(bytes);
    const now = Date.now();
    let next = this.#next;
    for (let count = Math.min(max, batch.capacity); count > 0; count--) {
      batch.append(segment, offsets[next]!, lengths[next]!, now);
      next = next + 1 === offsets.length ? 0 : next + 1;
    }
    this.#next = next;
    return FILLED;
  }

  /** Has nothing to free. */
  close(): void {}
}

/** Counts events, bytes and how late they are. */
export class SwallowTwin implements BatchSinkPart {
  readonly accepts = "batches";
  readonly maxEvents = 65536;
  #events = 0;
  #bytes = 0;
  #latest = 0;

  /** Counts. */
  write(batch: Batch): void {
    const { count } = batch;
    let bytes = 0;
    for (let index = 0; index < count; index++) bytes += batch.payloadLength(index);
    this.#events += count;
    this.#bytes += bytes;
    if (count > 0) this.#latest = Date.now() - batch.timestampMs(0);
  }

  /** What was counted. */
  metrics(): PartMetrics {
    return { events: this.#events, bytes: this.#bytes, latestMs: this.#latest };
  }

  /** Has nothing to free. */
  close(): void {}
}
