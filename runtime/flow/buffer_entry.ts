/**
 * How events lie in an entry of a durable buffer: as a batch of just their number, then its payload memory. Records keep
 * time, key and metadata; writing and reading one costs a few copies, not some work an event.
 * @module
 */
import { crc32 } from "node:zlib";
import { Batch } from "../data/batch.ts";
import { BatchError } from "../data/batch_error.ts";
import { blockBytes } from "../data/batch_options.ts";
import { BATCH_LAYOUT, MAX_EVENTS } from "../data/layout.ts";

const WORD = 4;

/** A batch that becomes an entry: nothing but its events. */
const dimensions = (capacity: number): { capacity: number; segments: number; verdicts: number } => ({
  capacity,
  segments: 1,
  verdicts: 0,
});

/** A batch to be filled with up to `events` events and turned into an entry by {@linkcode sealEntry}. */
export function openEntry(events: number, arenaBytes: number): Batch {
  const options = dimensions(events);
  const blockLength = blockBytes(options);
  const data = new Uint8Array(blockLength + arenaBytes);
  return new Batch(data.subarray(0, blockLength), data.subarray(blockLength), options);
}

/** The bytes of an entry, a view of the memory of the batch; `undefined` when no event is in it. */
export function sealEntry(batch: Batch): Uint8Array | undefined {
  const { count, arenaUsed, block } = batch;
  if (count === 0) return undefined;
  if (count < batch.capacity) {
    const copy = openEntry(count, arenaUsed);
    copy.copyFrom(batch, 0);
    return sealEntry(copy);
  }
  for (let index = 0; index < count; index++) {
    // A number of a connection of this run: in the next one it is somebody else's, who would get the answers.
    batch.setPartition(index, 0);
  }
  return new Uint8Array(block.buffer, block.byteOffset, block.byteLength + arenaUsed);
}

/** An entry of some events of a batch. */
export function entryOf(from: Batch, indices: readonly number[]): Uint8Array {
  const batch = openEntry(indices.length, indices.reduce((sum, index) => sum + from.copiedBytes(index), 0));
  for (const index of indices) batch.appendCopy(from, index);
  return sealEntry(batch)!;
}

/** The events of an entry, their bytes as they lie in it, or `undefined` when it contradicts itself. */
export function decodeEntry(data: Uint8Array): Batch | undefined {
  if (data.byteLength < BATCH_LAYOUT.bytes) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = view.getUint32(BATCH_LAYOUT.count, true);
  const used = view.getUint32(BATCH_LAYOUT.arenaUsed, true);
  if (count < 1 || count > MAX_EVENTS) return undefined;
  const blockLength = blockBytes(dimensions(count));
  if (data.byteLength !== blockLength + used) return undefined;
  // A block of its own: native sinks need room for verdicts and addresses, and the header is not to be believed.
  const batch = new Batch(new Uint8Array(blockBytes({ capacity: count })), data.subarray(blockLength), {
    capacity: count,
  });
  const records = batch.recordWord * WORD;
  batch.block.set(data.subarray(records, records + count * batch.recordStride), records);
  batch.count = count;
  batch.arenaUsed = used;
  try {
    batch.validate();
  } catch (error) {
    if (error instanceof BatchError) return undefined;
    throw error;
  }
  return batch;
}

/** CRC-32 of an entry. */
export function checksum(data: Uint8Array): number {
  return crc32(data);
}
