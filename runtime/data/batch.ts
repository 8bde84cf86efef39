/** The unit that moves: a header, records of a fixed stride, a segment table, verdicts; payload in segments. @module */
import { absorbBatch } from "./batch_absorb.ts";
import { checkBatch, type RecordScan } from "./batch_check.ts";
import { appendCopy, copyBatch } from "./batch_copy.ts";
import { BatchError } from "./batch_error.ts";
import { BatchMemory } from "./batch_memory.ts";
import { type BatchOptions, blockBytes } from "./batch_options.ts";
import type { CopyBytes } from "./copy_bytes.ts";
import { BATCH_LAYOUT, RECORD_FAILED, RECORD_LAYOUT, VERDICT_LAYOUT } from "./layout.ts";
import { KEY, KEY_SEGMENT, META, META_SEGMENT, PARTS } from "./record_parts.ts";

export type { BatchMemory } from "./batch_memory.ts";
export type { BatchOptions } from "./batch_options.ts";

const WORD = 4;
const COUNT = BATCH_LAYOUT.count / WORD;
const VERDICT_DEFAULT = BATCH_LAYOUT.verdictDefault / WORD;
const VERDICT_COUNT = BATCH_LAYOUT.verdictCount / WORD;

const NOTHING = new Uint8Array(0);
const aligned = new Uint8Array(1 << 16);

/** A judgement on one event that differs from the batch's default. */
export interface VerdictEntry {
  /** Index of the record. */
  readonly index: number;
  /** `ACK`, `RETRY`, `DEADLETTER` or `DROP`. */
  readonly action: number;
  /** Class of the failure. */
  readonly failureClass: number;
  /** Code of whoever judged. */
  readonly code: number;
  /** When to try again, milliseconds. */
  readonly retryAfterMs: number;
}

/**
 * A view of one batch in memory, laid out as `caisson_batch` in `caisson.h`; the same in process, in a Worker and
 * across processes. Little-endian machines only.
 */
export class Batch extends BatchMemory {
  /** Allocates a batch with memory of its own. */
  static allocate(options: BatchOptions = {}): Batch {
    const { arenaBytes = 1 << 20, shared = false } = options;
    const blockSize = Math.ceil(blockBytes(options) / 64) * 64;
    const total = blockSize + arenaBytes + 64;
    const memory = shared ? new SharedArrayBuffer(total) : new ArrayBuffer(total);
    return new Batch(
      new Uint8Array(memory, 0, blockSize),
      new Uint8Array(memory, blockSize, arenaBytes),
      options,
    );
  }

  /**
   * Appends an event whose payload already lies in a segment and returns its index.
   *
   * @param timestampMs when the event entered the system, milliseconds since 1970, fractions allowed
   */
  append(
    segment: number,
    offset: number,
    length: number,
    timestampMs: number,
  ): number {
    const index = this.count;
    if (index >= this.capacity) {
      throw new BatchError("count", index + 1, `at most ${this.capacity}`);
    }
    const at = this.recordAt(index);
    const words = this.words;
    const ns = timestampMs * 1e6;
    const high = Math.floor(ns / 4294967296);
    words[at] = ns - high * 4294967296;
    words[at + 1] = high;
    words[at + 2] = index;
    words[at + 3] = 0;
    words[at + 4] = offset;
    words[at + 5] = length;
    // A loop: the call of `fill` would cost more than the stores. Two words at a time take half of theirs.
    const { pairs } = this;
    const end = (at + this.recordStride / WORD) >> 1;
    for (let pair = (at >> 1) + 3; pair < end; pair++) pairs[pair] = 0;
    this.halves[(at << 1) + RECORD_LAYOUT.payloadSegment / 2] = segment;
    words[COUNT] = index + 1;
    return index;
  }

  /**
   * Copies a payload into the arena and appends its event; `false` when it does not fit.
   *
   * @throws {BatchError} after {@linkcode shareSegments}: the arena is then none of the batch's segments
   */
  appendBytes(bytes: Uint8Array, timestampMs: number): boolean {
    this.requireArena();
    const offset = this.arenaUsed;
    if (
      this.count >= this.capacity ||
      bytes.byteLength > this.arena.byteLength - offset
    ) return false;
    if (this.sharedArena && (bytes.byteOffset & 7) !== 0 && bytes.byteLength <= aligned.byteLength) {
      // Into shared memory V8 copies byte by byte unless both sides lie alike: twice is faster.
      aligned.set(bytes);
      this.arena.set(aligned.subarray(0, bytes.byteLength), offset);
    } else {
      this.arena.set(bytes, offset);
    }
    // Payloads start on multiples of 8, so that native code may read words.
    this.arenaUsed = Math.min(
      this.arena.byteLength,
      offset + ((bytes.byteLength + 7) & ~7),
    );
    this.append(0, offset, bytes.byteLength, timestampMs);
    return true;
  }

  /**
   * Passes on the record of an event of another batch: 64 bytes, never its payload. Returns the new index.
   *
   * The segment numbers are those of `from`; call {@linkcode shareSegments} once before.
   */
  appendRecord(from: Batch, index: number): number {
    const target = this.count;
    if (target >= this.capacity) {
      throw new BatchError("count", target + 1, `at most ${this.capacity}`);
    }
    const source = from.recordAt(index);
    const at = this.recordAt(target);
    const length = Math.min(this.recordStride, from.recordStride) / WORD;
    const words = this.words;
    const others = from.words;
    // A loop: a view for `set` would cost more than the copy.
    for (let word = 0; word < length; word++) words[at + word] = others[source + word]!;
    words[COUNT] = target + 1;
    return target;
  }

  /**
   * Appends the events of a batch that lies in memory somebody else can write: copies what is used of it once, checks
   * the copy, and never looks at the original again. Its payloads must all lie in its own arena.
   *
   * @param copy copies out of the shared memory where that is faster than what JavaScript offers
   * @returns how many events were appended
   * @throws {BatchError} when it does not fit or points outside what it says it uses; nothing is appended then.
   */
  absorb(shared: Batch, copy?: CopyBytes): number {
    return absorbBatch(this, shared, copy);
  }

  /**
   * Replaces what the batch holds with events `start` and following of another batch, as many as fit, payloads copied
   * into the arena. Never reads this batch's own memory, so it may lie where somebody else can write.
   *
   * @param copy copies into this batch's memory where that is faster than what JavaScript offers
   * @returns how many events were copied; 0 when event `start` alone is larger than the arena
   */
  copyFrom(from: Batch, start: number, copy?: CopyBytes): number {
    return copyBatch(this, from, start, copy);
  }

  /**
   * Appends a copy of an event of another batch, with key and metadata; `false` when it does not fit.
   *
   * @throws {BatchError} after {@linkcode shareSegments}
   */
  appendCopy(from: Batch, index: number): boolean {
    return appendCopy(this, from, index);
  }

  /** Segment of an event's payload. */
  payloadSegment(index: number): number {
    return this
      .halves[(this.recordAt(index) << 1) + RECORD_LAYOUT.payloadSegment / 2]!;
  }
  /** Offset of an event's payload in its segment. */
  payloadOffset(index: number): number {
    return this
      .words[this.recordAt(index) + RECORD_LAYOUT.payloadOffset / WORD]!;
  }
  /** Length of an event's payload. */
  payloadLength(index: number): number {
    return this
      .words[this.recordAt(index) + RECORD_LAYOUT.payloadLength / WORD]!;
  }
  /** Bytes an event takes in an arena it is copied into: payload, key and metadata, each on a multiple of 8. */
  copiedBytes(index: number): number {
    const at = this.recordAt(index);
    let bytes = 0;
    for (let part = 0; part < PARTS.length; part++) {
      bytes += (this.words[at + PARTS[part]!.offsetWord + 1]! + 7) & ~7;
    }
    return bytes;
  }
  /** A view of an event's payload; valid until the batch is settled. */
  payload(index: number): Uint8Array {
    const offset = this.payloadOffset(index);
    return this.segmentView(this.payloadSegment(index)).subarray(
      offset,
      offset + this.payloadLength(index),
    );
  }
  /** A view of an event's key, empty when it has none; valid until the batch is settled. */
  key(index: number): Uint8Array {
    return this.#part(index, KEY, KEY_SEGMENT);
  }
  /** A view of an event's metadata, empty when it has none; valid until the batch is settled. */
  metadata(index: number): Uint8Array {
    return this.#part(index, META, META_SEGMENT);
  }
  #part(index: number, offsetWord: number, segmentHalf: number): Uint8Array {
    const at = this.recordAt(index);
    const length = this.words[at + offsetWord + 1]!;
    if (length === 0) return NOTHING;
    const offset = this.words[at + offsetWord]!;
    return this.segmentView(this.halves[(at << 1) + segmentHalf]!).subarray(offset, offset + length);
  }
  /** When the event entered the system, milliseconds since 1970, exact to a microsecond. */
  timestampMs(index: number): number {
    const at = this.recordAt(index);
    return (this.words[at + 1]! * 4294967296 + this.words[at]!) / 1e6;
  }
  /** When the event entered the system, nanoseconds since 1970. */
  timestampNs(index: number): bigint {
    const at = this.recordAt(index);
    return BigInt(this.words[at + 1]!) << 32n | BigInt(this.words[at]!);
  }
  /** The source's token for the event; exact below 2^53. */
  sequence(index: number): number {
    const at = this.recordAt(index);
    return this.words[at + 3]! * 4294967296 + this.words[at + 2]!;
  }
  /** Gives the event the source's token. */
  setSequence(index: number, value: number): void {
    const at = this.recordAt(index);
    this.words[at + 2] = value >>> 0;
    this.words[at + 3] = Math.floor(value / 4294967296);
  }

  /** Number of the event's stream; 0 where its source has only one. */
  partition(index: number): number {
    return this.words[this.recordAt(index) + RECORD_LAYOUT.partition / WORD]!;
  }
  /** Says which stream the event is of. */
  setPartition(index: number, stream: number): void {
    this.words[this.recordAt(index) + RECORD_LAYOUT.partition / WORD] = stream;
  }

  /** Gives an event time, token and stream of the event of another batch it was made from. */
  takeOrigin(index: number, from: Batch, origin: number): void {
    const at = this.recordAt(index);
    const source = from.recordAt(origin);
    for (let word = 0; word < RECORD_LAYOUT.payloadOffset / WORD; word++) {
      this.words[at + word] = from.words[source + word]!;
    }
    this.setPartition(index, from.partition(origin));
  }

  /** Whether what a codec, preprocessor or postprocessor wrote says that its event failed; the payload then says why. */
  isFailed(index: number): boolean {
    return (this.words[this.recordAt(index) + RECORD_LAYOUT.flags / WORD]! & RECORD_FAILED) !== 0;
  }
  /** Says that the event of a record failed; see {@linkcode Batch.isFailed}. */
  markFailed(index: number): void {
    this.words[this.recordAt(index) + RECORD_LAYOUT.flags / WORD]! |= RECORD_FAILED;
  }

  /** Verdict on every event that has no entry of its own. */
  get verdictDefault(): number {
    return this.words[VERDICT_DEFAULT]!;
  }
  set verdictDefault(value: number) {
    this.words[VERDICT_DEFAULT] = value;
  }
  /** Entries in the verdict list. */
  get verdictCount(): number {
    return this.words[VERDICT_COUNT]!;
  }
  /** Adds a verdict; `false` when the list is full. */
  addVerdict(entry: VerdictEntry): boolean {
    const index = this.verdictCount;
    if (index >= this.verdictCapacity) return false;
    const at = this.verdictWord + index * (VERDICT_LAYOUT.bytes / WORD);
    this.words[at] = entry.index;
    this.words[at + 1] = (entry.action & 0xffff) | (entry.failureClass << 16);
    this.words[at + 2] = entry.code;
    this.words[at + 3] = entry.retryAfterMs;
    this.words[VERDICT_COUNT] = index + 1;
    return true;
  }

  /** One entry of the verdict list. */
  verdict(index: number): VerdictEntry {
    const at = this.verdictWord + index * (VERDICT_LAYOUT.bytes / WORD);
    const pair = this.words[at + 1]!;
    return {
      index: this.words[at]!,
      action: pair & 0xffff,
      failureClass: pair >>> 16,
      code: this.words[at + 2]! | 0,
      retryAfterMs: this.words[at + 3]!,
    };
  }

  /**
   * Checks every count, index, offset and length that somebody else may have written.
   *
   * The memory must not change during or after the check: take a snapshot of shared memory first.
   *
   * @param scan looks at all records at once where that is faster
   * @throws {BatchError} naming the first field that points outside.
   */
  validate(scan?: RecordScan): void {
    checkBatch(this, scan);
  }
}
