/** Takes over events from memory that somebody else can write. @module */
import { BatchError } from "./batch_error.ts";
import type { BatchMemory } from "./batch_memory.ts";
import { type CopyBytes, copyWords, FOREIGN_COPY_FROM } from "./copy_bytes.ts";
import { KEY, KEY_SEGMENT, META, META_SEGMENT, PARTS, PAYLOAD, PAYLOAD_SEGMENT } from "./record_parts.ts";

const WORD = 4;

/** Does what `Batch.absorb` says. */
export function absorbBatch(target: BatchMemory, shared: BatchMemory, foreign: CopyBytes = copyWords): number {
  target.requireArena();
  const count = shared.count;
  const used = shared.arenaUsed;
  const first = target.count;
  const base = target.arenaUsed;
  const room = Math.min(shared.capacity, target.capacity - first);
  if (count > room) throw new BatchError("count", count, `at most ${room}`);
  const space = Math.min(
    shared.arena.byteLength,
    target.arena.byteLength - base,
  );
  if (used > space) {
    throw new BatchError("arenaUsed", used, `at most ${space}`);
  }
  if (shared.recordStride !== target.recordStride) {
    throw new BatchError(
      "recordStride",
      shared.recordStride,
      `${target.recordStride}`,
    );
  }
  const stride = target.recordStride / WORD;
  const from = shared.recordWord;
  const to = target.recordAt(first);
  const copy = used >= FOREIGN_COPY_FROM ? foreign : copyWords;
  copy(target.block.subarray(to * WORD), shared.block.subarray(from * WORD), count * stride * WORD);
  copy(target.arena.subarray(base), shared.arena, used);
  for (let index = 0; index < count; index++) {
    rebase(target, index, to + index * stride, used, base);
  }
  target.count = first + count;
  target.arenaUsed = Math.min(
    target.arena.byteLength,
    base + ((used + 7) & ~7),
  );
  return count;
}

/** Checks one absorbed record against the bytes that came with it and moves it to where they lie now. */
function rebase(target: BatchMemory, index: number, at: number, used: number, base: number): void {
  const words = target.words;
  const halves = at << 1;
  const payload = words[at + PAYLOAD]!;
  const key = words[at + KEY]!;
  const meta = words[at + META]!;
  // One branch for what is true of every honest record; the loop below finds out which field is wrong.
  if (
    payload + words[at + PAYLOAD + 1]! > used ||
    key + words[at + KEY + 1]! > used ||
    meta + words[at + META + 1]! > used ||
    (target.halves[halves + PAYLOAD_SEGMENT]! |
        target.halves[halves + KEY_SEGMENT]! |
        target.halves[halves + META_SEGMENT]!) !== 0
  ) refuse(target, index, at, used);
  if (base === 0) return;
  words[at + PAYLOAD] = payload + base;
  words[at + KEY] = key + base;
  words[at + META] = meta + base;
}

function refuse(target: BatchMemory, index: number, at: number, used: number): never {
  for (const { name, offsetWord, segmentHalf } of PARTS) {
    const segment = target.halves[(at << 1) + segmentHalf]!;
    if (segment !== 0) {
      throw new BatchError(
        `record[${index}].${name}Segment`,
        segment,
        "0, the arena it came with",
      );
    }
    const offset = target.words[at + offsetWord]!;
    const length = target.words[at + offsetWord + 1]!;
    if (offset + length > used) {
      throw new BatchError(
        `record[${index}].${name}Offset`,
        `${offset}+${length}`,
        `at most ${used}`,
      );
    }
  }
  throw new BatchError(`record[${index}]`, "damaged", "a record");
}
