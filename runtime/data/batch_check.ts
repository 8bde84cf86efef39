/** Checks what somebody else may have written into a batch. @module */
import { BatchError } from "./batch_error.ts";
import type { BatchMemory } from "./batch_memory.ts";
import { MAX_SEGMENT_BYTES, RECORD_LAYOUT } from "./layout.ts";

const WORD = 4;

/**
 * A faster look at all records at once: index of the first that is not plainly good (a payload inside of its segment, no
 * key, no metadata), or `count`. Every record from there on is checked one by one.
 */
export type RecordScan = (
  block: Uint8Array,
  offset: number,
  stride: number,
  count: number,
  limits: Int32Array,
  segments: number,
) => number;

/** From this many records on a call into another language costs less than looking at them here. */
const SCAN_FROM = 16;

/** Does what `Batch.validate` says. */
export function checkBatch(target: BatchMemory, scan?: RecordScan): void {
  const count = target.count;
  if (count > target.capacity) {
    throw new BatchError("count", count, `at most ${target.capacity}`);
  }
  const segments = target.segmentCount;
  if (segments < 1 || segments > target.segmentCapacity) {
    throw new BatchError(
      "segmentCount",
      segments,
      `1 to ${target.segmentCapacity}`,
    );
  }
  if (target.arenaUsed > target.arena.byteLength) {
    throw new BatchError(
      "arenaUsed",
      target.arenaUsed,
      `at most ${target.arena.byteLength}`,
    );
  }
  const limits = target.limits;
  for (let index = 0; index < segments; index++) {
    const length = index === 0 && target.ownsArena ? target.arena.byteLength : target.segmentLength(index);
    const view = target.knownView(index);
    if (
      length > MAX_SEGMENT_BYTES ||
      (view !== undefined && length > view.byteLength)
    ) {
      throw new BatchError(
        `segment[${index}].length`,
        length,
        `at most ${view?.byteLength ?? MAX_SEGMENT_BYTES}`,
      );
    }
    limits[index] = length;
  }
  const good = scan === undefined || count < SCAN_FROM
    ? 0
    : scan(target.block, target.recordWord * WORD, target.recordStride, count, limits, segments);
  if (good < count) checkRecords(target, good, count, segments);
}

/**
 * One tight loop that only asks whether all is well; what is wrong is found out afterwards.
 *
 * Everything stays in 31 bits, where sums need no floating point: below 2^30 the sum of two cannot overflow, and what
 * is not below, or has a key or metadata, takes the slow path.
 */
function checkRecords(target: BatchMemory, first: number, count: number, segments: number): void {
  const words = target.signed;
  const limits = target.limits;
  const step = target.recordStride / WORD;
  const end = target.recordWord + count * step;
  for (let at = target.recordWord + first * step; at < end; at += step) {
    const offset = words[at + RECORD_LAYOUT.payloadOffset / WORD]!;
    const length = words[at + RECORD_LAYOUT.payloadLength / WORD]!;
    const rest = words[at + RECORD_LAYOUT.keyOffset / WORD]! | words[at + RECORD_LAYOUT.keyLength / WORD]! |
      words[at + RECORD_LAYOUT.metaOffset / WORD]! | words[at + RECORD_LAYOUT.metaLength / WORD]! |
      (words[at + RECORD_LAYOUT.metaSegment / WORD]! & 0xffff);
    // With no key, its segment above bit 16 is 0, and what is read here is the payload's segment alone.
    const segment = words[at + RECORD_LAYOUT.payloadSegment / WORD]! >>> 0;
    if (
      rest === 0 && segment < segments && ((offset | length) >>> 30) === 0 && offset + length <= limits[segment]!
    ) continue;
    checkRecord(target, (at - target.recordWord) / step, at, segments);
  }
}

function checkRecord(target: BatchMemory, index: number, at: number, segments: number): void {
  checkRange(target, index, "payload", at, RECORD_LAYOUT.payloadOffset, RECORD_LAYOUT.payloadSegment, segments);
  checkRange(target, index, "key", at, RECORD_LAYOUT.keyOffset, RECORD_LAYOUT.keySegment, segments);
  checkRange(target, index, "meta", at, RECORD_LAYOUT.metaOffset, RECORD_LAYOUT.metaSegment, segments);
}

function checkRange(
  target: BatchMemory,
  index: number,
  part: string,
  at: number,
  offsetField: number,
  segmentField: number,
  segments: number,
): void {
  const offset = target.words[at + offsetField / WORD]!;
  const length = target.words[at + offsetField / WORD + 1]!;
  const segment = target.halves[(at << 1) + segmentField / 2]!;
  if (segment >= segments) {
    throw new BatchError(
      `record[${index}].${part}Segment`,
      segment,
      `below ${segments}`,
    );
  }
  const limit = target.limits[segment]!;
  if (offset + length > limit) {
    throw new BatchError(
      `record[${index}].${part}Offset`,
      `${offset}+${length}`,
      `at most ${limit} in segment ${segment}`,
    );
  }
}
