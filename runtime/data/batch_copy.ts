/** Copies events, payloads included, into memory that somebody else may be able to write. @module */
import type { BatchMemory } from "./batch_memory.ts";
import { type CopyBytes, copyWords, FOREIGN_COPY_FROM } from "./copy_bytes.ts";
import { RECORD_LAYOUT } from "./layout.ts";
import { PARTS, PAYLOAD } from "./record_parts.ts";

const WORD = 4;
/** Payloads start on multiples of this, so less than it lies between two that follow each other. */
const ALIGNMENT = 8;

/** Does what `Batch.copyFrom` says. */
export function copyBatch(
  target: BatchMemory,
  from: BatchMemory,
  start: number,
  foreign: CopyBytes = copyWords,
): number {
  target.requireArena();
  const copied = copyRuns(target, from, start, foreign);
  return copied > 0 ? copied : copyEach(target, from, start);
}

/**
 * Copies all records with one move and payloads that lie one after the other with one each; 0 when there is a record
 * with a key or metadata. Only payloads of the events copied get into the target: the segment they lie in may hold others.
 */
function copyRuns(target: BatchMemory, from: BatchMemory, start: number, foreign: CopyBytes): number {
  if (target.recordStride !== from.recordStride) return 0;
  const stride = from.recordStride / WORD;
  const room = Math.min(target.capacity, from.count - start);
  const limit = target.arena.byteLength;
  const { words: source } = from;
  const { words, halves, arena } = target;
  const first = from.recordWord + start * stride;
  const recordBytes = room * stride * WORD;
  const copy = recordBytes >= FOREIGN_COPY_FROM ? foreign : copyWords;
  copy(target.block.subarray(target.recordWord * WORD), from.block.subarray(first * WORD), recordBytes);
  let runSegment = -1;
  let runStart = 0;
  let runFrom = 0;
  let runEnd = 0;
  let shift = 0;
  let used = 0;
  let copied = 0;
  let to = target.recordWord;
  for (let at = first; copied < room; at += stride, to += stride) {
    const rest = source[at + RECORD_LAYOUT.keyOffset / WORD]! | source[at + RECORD_LAYOUT.keyLength / WORD]! |
      source[at + RECORD_LAYOUT.metaOffset / WORD]! | source[at + RECORD_LAYOUT.metaLength / WORD]! |
      (source[at + RECORD_LAYOUT.metaSegment / WORD]! & 0xffff);
    // With no key, its segment above bit 16 is 0.
    const segment = source[at + RECORD_LAYOUT.payloadSegment / WORD]!;
    if (rest !== 0 || segment > 0xffff) return 0;
    const offset = source[at + PAYLOAD]!;
    const end = offset + source[at + PAYLOAD + 1]!;
    const gap = offset - runEnd;
    if (segment !== runSegment || gap < 0 || gap >= ALIGNMENT) {
      if (runSegment >= 0) {
        copyRun(foreign, arena, from, runSegment, runFrom, runEnd, shift, runStart, at);
        used = runEnd + shift;
      }
      runSegment = segment;
      runStart = at;
      runFrom = offset;
      runEnd = offset;
      shift = used + ((offset - used) & (ALIGNMENT - 1)) - offset;
    }
    if (end + shift > limit) break;
    runEnd = end;
    words[to + PAYLOAD] = offset + shift;
    halves[(to << 1) + RECORD_LAYOUT.payloadSegment / 2] = 0;
    copied++;
  }
  if (copied === 0) return 0;
  copyRun(foreign, arena, from, runSegment, runFrom, runEnd, shift, runStart, first + copied * stride);
  writeHeader(target, copied, Math.max(used, runEnd + shift));
  return copied;
}

/** Moves the payloads of the records from `first` to `end` at once, then clears what lies between them. */
function copyRun(
  foreign: CopyBytes,
  arena: Uint8Array,
  from: BatchMemory,
  segment: number,
  runFrom: number,
  runEnd: number,
  shift: number,
  first: number,
  end: number,
): void {
  if (runEnd === runFrom) return;
  const bytes = runEnd - runFrom;
  const copy = bytes >= FOREIGN_COPY_FROM ? foreign : copyWords;
  copy(arena.subarray(runFrom + shift), from.segmentView(segment).subarray(runFrom, runEnd), bytes);
  const { words } = from;
  const stride = from.recordStride / WORD;
  for (let at = first + stride; at < end; at += stride) {
    const next = words[at + PAYLOAD]!;
    for (let gap = words[at - stride + PAYLOAD]! + words[at - stride + PAYLOAD + 1]!; gap < next; gap++) {
      arena[gap + shift] = 0;
    }
  }
}

function copyEach(target: BatchMemory, from: BatchMemory, start: number): number {
  const room = Math.min(target.capacity, from.count - start);
  let used = 0;
  let copied = 0;
  for (; copied < room; copied++) {
    const next = copyEvent(target, copied, used, from, start + copied);
    if (next < 0) break;
    used = next;
  }
  writeHeader(target, copied, used);
  return copied;
}

/** Does what `Batch.appendCopy` says. */
export function appendCopy(target: BatchMemory, from: BatchMemory, index: number): boolean {
  target.requireArena();
  const at = target.count;
  if (at >= target.capacity) return false;
  const used = copyEvent(target, at, target.arenaUsed, from, index);
  if (used < 0) return false;
  target.count = at + 1;
  target.arenaUsed = used;
  return true;
}

/** Copies one event to a place of the target; bytes of the arena used then, -1 when there is no room. */
function copyEvent(target: BatchMemory, to: number, used: number, from: BatchMemory, index: number): number {
  const limit = target.arena.byteLength;
  const stride = Math.min(target.recordStride, from.recordStride) / WORD;
  const { words } = target;
  const source = from.recordAt(index);
  const at = target.recordAt(to);
  for (let word = 0; word < stride; word++) words[at + word] = from.words[source + word]!;
  let next = used;
  for (let part = 0; part < PARTS.length; part++) {
    const { offsetWord, segmentHalf } = PARTS[part]!;
    const length = from.words[source + offsetWord + 1]!;
    target.halves[(at << 1) + segmentHalf] = 0;
    words[at + offsetWord] = 0;
    if (length === 0) continue;
    if (length > limit - next) return -1;
    const offset = from.words[source + offsetWord]!;
    const segment = from.halves[(source << 1) + segmentHalf]!;
    target.arena.set(from.segmentView(segment).subarray(offset, offset + length), next);
    words[at + offsetWord] = next;
    next = Math.min(limit, next + ((length + 7) & ~7));
  }
  return next;
}

function writeHeader(target: BatchMemory, count: number, arenaUsed: number): void {
  target.clear();
  target.count = count;
  target.arenaUsed = arenaUsed;
}
