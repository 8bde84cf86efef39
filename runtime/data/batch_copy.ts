/** Copies events, payloads included, into memory that somebody else may be able to write. @module */
import type { BatchMemory } from "./batch_memory.ts";
import { KEY, META, PARTS, PAYLOAD } from "./record_parts.ts";

const WORD = 4;

/** Does what `Batch.copyFrom` says. */
export function copyBatch(target: BatchMemory, from: BatchMemory, start: number): number {
  const whole = start === 0 ? copyWhole(target, from) : 0;
  return whole > 0 ? whole : copyEach(target, from, start);
}

/** Copies a batch whose payloads lie in one segment and fill most of it with two moves; 0 when it is another one. */
function copyWhole(target: BatchMemory, from: BatchMemory): number {
  const count = from.count;
  const stride = from.recordStride / WORD;
  if (from.segmentCount !== 1 || count > target.capacity || target.recordStride !== from.recordStride) return 0;
  const { words } = from;
  const end = from.recordWord + count * stride;
  // Where the payloads end is asked of the records: whoever wrote them need not have kept the segment's length.
  let used = 0;
  let wanted = 0;
  for (let at = from.recordWord; at < end; at += stride) {
    const length = words[at + PAYLOAD + 1]!;
    wanted += length;
    used = Math.max(
      used,
      words[at + PAYLOAD]! + length,
      words[at + KEY]! + words[at + KEY + 1]!,
      words[at + META]! + words[at + META + 1]!,
    );
  }
  if (used > target.arena.byteLength || wanted < used >>> 1) return 0;
  target.words.set(
    from.words.subarray(from.recordWord, from.recordWord + count * stride),
    target.recordWord,
  );
  target.arena.set(from.segmentView(0).subarray(0, used), 0);
  writeHeader(target, count, used);
  return count;
}

function copyEach(target: BatchMemory, from: BatchMemory, start: number): number {
  const room = Math.min(target.capacity, from.count - start);
  const limit = target.arena.byteLength;
  const stride = Math.min(target.recordStride, from.recordStride) / WORD;
  const words = target.words;
  let used = 0;
  let copied = 0;
  for (; copied < room; copied++) {
    const source = from.recordAt(start + copied);
    const at = target.recordAt(copied);
    for (let word = 0; word < stride; word++) {
      words[at + word] = from.words[source + word]!;
    }
    let next = used;
    for (let part = 0; part < PARTS.length; part++) {
      const { offsetWord, segmentHalf } = PARTS[part]!;
      const length = from.words[source + offsetWord + 1]!;
      target.halves[(at << 1) + segmentHalf] = 0;
      words[at + offsetWord] = 0;
      if (length === 0) continue;
      if (length > limit - next) {
        next = -1;
        break;
      }
      const offset = from.words[source + offsetWord]!;
      const segment = from.halves[(source << 1) + segmentHalf]!;
      target.arena.set(
        from.segmentView(segment).subarray(offset, offset + length),
        next,
      );
      words[at + offsetWord] = next;
      next = Math.min(limit, next + ((length + 7) & ~7));
    }
    if (next < 0) break;
    used = next;
  }
  writeHeader(target, copied, used);
  return copied;
}

function writeHeader(target: BatchMemory, count: number, arenaUsed: number): void {
  target.clear();
  target.count = count;
  target.arenaUsed = arenaUsed;
}
