/**
 * A ring of batch slots in shared memory, one producer, one consumer: geometry, control words, and how to make one.
 *
 * ```text
 * 0    head            written by the producer: batches published so far, modulo 2^32
 * 64   tail            written by the consumer: batches consumed so far
 * 128  data bell       posted, armed: the consumer sleeps here, armed 1
 * 192  space bell      posted, armed: the producer sleeps here, armed 1 + the batches that may be left when it is woken
 * 256  producer end    1 when nothing will be published any more
 * 320  consumer end    1 when nothing will be consumed any more
 * 384  slots           each a batch block, then its arena, both on multiples of 64
 * ```
 *
 * A side only ever writes its own words, except the bells. Every word the other side writes is checked before use: a
 * counter only moves forward, and the distance between the two is 0 to the number of slots, or the ring is broken.
 * @module
 */
import { Batch } from "./batch.ts";
import { BatchError } from "./batch_error.ts";
import { blockBytes } from "./batch_options.ts";
import { MAX_EVENTS, MAX_SEGMENT_BYTES, RECORD_LAYOUT } from "./layout.ts";

/** Index of each control word, in units of 4 bytes. */
export const RING_WORDS = {
  head: 0,
  tail: 16,
  dataPosted: 32,
  dataArmed: 33,
  spacePosted: 48,
  spaceArmed: 49,
  producerEnded: 64,
  consumerEnded: 80,
} as const;

/** Bytes before the first slot. */
const RING_CONTROL_BYTES = 384;

/** How large a ring is. */
export interface RingOptions {
  /** Batches it holds, a power of two from 1 to 1024. @default {4} */
  readonly slots?: number;
  /** Most events in one slot, 1 to 65,536. @default {1024} */
  readonly capacity?: number;
  /** Payload bytes in one slot, a multiple of 64, at most 1 GiB. @default {1048576} */
  readonly arenaBytes?: number;
}

/** Everything the other side needs to attach; can be posted to a Worker. */
export interface RingMemory {
  /** Where the ring lies. */
  readonly buffer: ArrayBufferLike;
  /** Offset of its control words in `buffer`, a multiple of 64. */
  readonly byteOffset: number;
  /** Batches it holds. */
  readonly slots: number;
  /** Most events in one slot. */
  readonly capacity: number;
  /** Payload bytes in one slot. */
  readonly arenaBytes: number;
}

function slotBlockBytes(capacity: number): number {
  return Math.ceil(blockBytes({ capacity, segments: 1 }) / 64) * 64;
}

function checkGeometry(
  slots: number,
  capacity: number,
  arenaBytes: number,
): void {
  if (
    !Number.isInteger(slots) || slots < 1 || slots > 1024 ||
    (slots & (slots - 1)) !== 0
  ) {
    throw new BatchError("ring.slots", slots, "a power of two from 1 to 1024");
  }
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_EVENTS) {
    throw new BatchError("ring.capacity", capacity, `1 to ${MAX_EVENTS}`);
  }
  if (
    !Number.isInteger(arenaBytes) || arenaBytes < 64 || arenaBytes % 64 !== 0 ||
    arenaBytes > MAX_SEGMENT_BYTES
  ) {
    throw new BatchError(
      "ring.arenaBytes",
      arenaBytes,
      `a multiple of 64, 64 to ${MAX_SEGMENT_BYTES}`,
    );
  }
}

/** Bytes a ring of these dimensions takes. */
export function ringBytes(options: RingOptions = {}): number {
  const { slots = 4, capacity = 1024, arenaBytes = 1 << 20 } = options;
  checkGeometry(slots, capacity, arenaBytes);
  return RING_CONTROL_BYTES + slots * (slotBlockBytes(capacity) + arenaBytes);
}

/**
 * Allocates and formats a ring; call it once, on the side that both trust.
 *
 * @throws {BatchError} when a dimension is out of bounds.
 *
 * @example One batch through a ring
 * ```ts
 * import { createRing } from "./ring.ts";
 * import { RingProducer } from "./ring_producer.ts";
 * import { RingConsumer } from "./ring_consumer.ts";
 * import { Batch } from "./batch.ts";
 *
 * const memory = createRing({ slots: 2 });
 * const producer = new RingProducer(memory);
 * const consumer = new RingConsumer(memory);
 * producer.claim()!.appendBytes(new TextEncoder().encode("hello"), Date.now());
 * producer.publish();
 * const batch = Batch.allocate();
 * batch.absorb(consumer.peek()!);
 * consumer.consume();
 * ```
 */
export function createRing(options: RingOptions = {}): RingMemory {
  return formatRing(new SharedArrayBuffer(ringBytes(options)), 0, options);
}

/**
 * Formats a ring in memory that is there: empty, nothing published, nobody asleep.
 *
 * @param byteOffset where it starts, a multiple of 64; {@linkcode ringBytes} says how much it takes
 * @throws {BatchError} when a dimension is out of bounds or the memory is too small.
 */
export function formatRing(buffer: ArrayBufferLike, byteOffset: number, options: RingOptions = {}): RingMemory {
  const { slots = 4, capacity = 1024, arenaBytes = 1 << 20 } = options;
  const memory: RingMemory = { buffer, byteOffset, slots, capacity, arenaBytes };
  ringWords(memory).fill(0);
  for (let slot = 0; slot < slots; slot++) slotBatch(memory, slot, true);
  return memory;
}

/** The control words of a ring. */
export function ringWords(memory: RingMemory): Int32Array {
  const { buffer, byteOffset, slots, capacity, arenaBytes } = memory;
  checkGeometry(slots, capacity, arenaBytes);
  if (buffer.byteLength - byteOffset < ringBytes(memory)) {
    throw new BatchError(
      "ring.buffer",
      buffer.byteLength - byteOffset,
      `at least ${ringBytes(memory)} bytes`,
    );
  }
  return new Int32Array(buffer, byteOffset, RING_CONTROL_BYTES / 4);
}

function slotBatch(memory: RingMemory, slot: number, format: boolean): Batch {
  const { buffer, byteOffset, capacity, arenaBytes } = memory;
  const block = slotBlockBytes(capacity);
  const at = byteOffset + RING_CONTROL_BYTES + slot * (block + arenaBytes);
  return new Batch(
    new Uint8Array(buffer, at, block),
    new Uint8Array(buffer, at + block, arenaBytes),
    { capacity, segments: 1, recordStride: RECORD_LAYOUT.bytes, format },
  );
}

/** Views of all slots; made once for each side, so that nothing is allocated for a batch. */
export function slotBatches(memory: RingMemory): readonly Batch[] {
  return Array.from(
    { length: memory.slots },
    (_, slot) => slotBatch(memory, slot, false),
  );
}

/**
 * How many batches lie between two counters, when the other side's counter can only have moved on.
 *
 * @param now the counter of the other side as it stands now
 * @param seen the same counter when it was last read
 * @param own this side's own counter
 * @throws {BatchError} when it went backwards or too far: it was not written by a ring.
 */
export function headDistance(
  now: number,
  seen: number,
  own: number,
  slots: number,
): number {
  const distance = (now - own) >>> 0;
  if (distance > slots || distance < (seen - own) >>> 0) {
    throw new BatchError("ring.head", now >>> 0, `${seen >>> 0} to ${(own + slots) >>> 0}`);
  }
  return distance;
}

/** As {@linkcode headDistance}, for the counter of a consumer, which follows this side's own. */
export function tailDistance(now: number, seen: number, own: number): number {
  const distance = (own - now) >>> 0;
  if (distance > (own - seen) >>> 0) {
    throw new BatchError("ring.tail", now >>> 0, `${seen >>> 0} to ${own >>> 0}`);
  }
  return distance;
}
