/** How events lie in an entry of a durable buffer: count, then time and length of each, then their bytes. @module */
import { crc32 } from "node:zlib";

const COUNT_BYTES = 4;
const HEAD_BYTES = 12;

/** One event of an entry. */
export interface StoredEvent {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** When it entered the system, milliseconds since 1970. */
  readonly timestamp: number;
}

/** Bytes an entry of events with `payloadBytes` bytes in all takes. */
export function entryBytes(events: number, payloadBytes: number): number {
  return COUNT_BYTES + events * HEAD_BYTES + payloadBytes;
}

/** Puts events into one entry; their bytes are copied. */
export function encodeEntry(events: readonly StoredEvent[]): Uint8Array {
  const payloadBytes = events.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const data = new Uint8Array(entryBytes(events.length, payloadBytes));
  const view = new DataView(data.buffer);
  view.setUint32(0, events.length, true);
  let head = COUNT_BYTES;
  let at = COUNT_BYTES + events.length * HEAD_BYTES;
  for (const { bytes, timestamp } of events) {
    view.setFloat64(head, timestamp, true);
    view.setUint32(head + 8, bytes.byteLength, true);
    data.set(bytes, at);
    head += HEAD_BYTES;
    at += bytes.byteLength;
  }
  return data;
}

/** The events of an entry, as views of it, or `undefined` when its lengths do not add up. */
export function decodeEntry(data: Uint8Array): StoredEvent[] | undefined {
  if (data.byteLength < COUNT_BYTES) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = view.getUint32(0, true);
  let at = COUNT_BYTES + count * HEAD_BYTES;
  if (at > data.byteLength) return undefined;
  const events: StoredEvent[] = [];
  for (let index = 0; index < count; index++) {
    const head = COUNT_BYTES + index * HEAD_BYTES;
    const end = at + view.getUint32(head + 8, true);
    if (end > data.byteLength) return undefined;
    events.push({ bytes: data.subarray(at, end), timestamp: view.getFloat64(head, true) });
    at = end;
  }
  return at === data.byteLength ? events : undefined;
}

/** CRC-32 of an entry. */
export function checksum(data: Uint8Array): number {
  return crc32(data);
}
