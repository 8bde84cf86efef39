/** The unit that moves: a header, records of a fixed stride, a segment table, verdicts; payload in segments. @module */
import { BatchError } from "./batch_error.ts";
import {
  BATCH_LAYOUT,
  MAX_EVENTS,
  MAX_SEGMENT_BYTES,
  RECORD_LAYOUT,
  SEGMENT_LAYOUT,
  SEGMENT_WRITABLE,
  VERDICT_LAYOUT,
} from "./layout.ts";

const WORD = 4;
const COUNT = BATCH_LAYOUT.count / WORD;
const ARENA_USED = BATCH_LAYOUT.arenaUsed / WORD;
const VERDICT_DEFAULT = BATCH_LAYOUT.verdictDefault / WORD;
const VERDICT_COUNT = BATCH_LAYOUT.verdictCount / WORD;
const FLAGS = BATCH_LAYOUT.flags / WORD;
const SEGMENT_COUNT = BATCH_LAYOUT.segmentCount / 2;

const PAYLOAD = RECORD_LAYOUT.payloadOffset / WORD;
const KEY = RECORD_LAYOUT.keyOffset / WORD;
const META = RECORD_LAYOUT.metaOffset / WORD;
const PAYLOAD_SEGMENT = RECORD_LAYOUT.payloadSegment / 2;
const KEY_SEGMENT = RECORD_LAYOUT.keySegment / 2;
const META_SEGMENT = RECORD_LAYOUT.metaSegment / 2;

/** The three ranges of a record: where their offset (length follows) and their segment lie. */
const PARTS: readonly {
  readonly name: string;
  readonly offsetWord: number;
  readonly segmentHalf: number;
}[] = [
  {
    name: "payload",
    offsetWord: PAYLOAD,
    segmentHalf: PAYLOAD_SEGMENT,
  },
  {
    name: "key",
    offsetWord: KEY,
    segmentHalf: KEY_SEGMENT,
  },
  {
    name: "meta",
    offsetWord: META,
    segmentHalf: META_SEGMENT,
  },
];

/** How large a {@linkcode Batch} is. */
export interface BatchOptions {
  /** Most events it holds, 1 to 65,536. @default {1024} */
  readonly capacity?: number;
  /** Bytes of its own payload memory, at most 1 GiB. @default {1048576} */
  readonly arenaBytes?: number;
  /** Most segments it may refer to, its own arena included. @default {8} */
  readonly segments?: number;
  /** Most verdicts that differ from the default. @default {capacity} */
  readonly verdicts?: number;
  /** Bytes a record takes, a multiple of 8, at least 64. @default {64} */
  readonly recordStride?: number;
  /** Put the memory into a `SharedArrayBuffer`. @default {false} */
  readonly shared?: boolean;
  /**
   * Write header and empty the batch when a view is laid over memory; `false` for the second view of memory that
   * somebody else has formatted and may be using. @default {true}
   */
  readonly format?: boolean;
}

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

/** Bytes a batch's block takes: header, records, segment table and verdicts. */
export function blockBytes(options: BatchOptions): number {
  const {
    capacity = 1024,
    segments = 8,
    verdicts = capacity,
    recordStride = RECORD_LAYOUT.bytes,
  } = options;
  return BATCH_LAYOUT.bytes + capacity * recordStride +
    segments * SEGMENT_LAYOUT.bytes +
    verdicts * VERDICT_LAYOUT.bytes;
}

/**
 * A view of one batch in memory, laid out as `caisson_batch` in `caisson.h`; the same in process, in a Worker and
 * across processes. Little-endian machines only.
 */
export class Batch {
  /** The block: header, records, segments, verdicts. */
  readonly block: Uint8Array;
  /** The batch's own payload memory, segment 0. */
  readonly arena: Uint8Array;
  /** Most events the batch holds. */
  readonly capacity: number;
  /** Most segments the batch may refer to. */
  readonly segmentCapacity: number;
  /** Bytes a record takes. */
  readonly recordStride: number;
  readonly #words: Uint32Array;
  readonly #signed: Int32Array;
  /** Bytes behind each segment, filled in anew by every validation. */
  readonly #limits: Int32Array;
  readonly #halves: Uint16Array;
  readonly #recordWord: number;
  readonly #segmentWord: number;
  readonly #verdictWord: number;
  readonly #verdictCapacity: number;
  readonly #views: (Uint8Array | undefined)[] = [];
  /** Finds the bytes behind a segment that JavaScript has no view of: memory a native plugin lent. */
  resolveSegment: ((base: bigint, length: number) => Uint8Array) | undefined;

  /** Lays a batch over memory that is at least {@linkcode blockBytes} long and aligned to 8. */
  constructor(
    block: Uint8Array,
    arena: Uint8Array,
    options: BatchOptions = {},
  ) {
    const {
      capacity = 1024,
      segments = 8,
      verdicts = capacity,
      recordStride = RECORD_LAYOUT.bytes,
    } = options;
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_EVENTS) {
      throw new BatchError("capacity", capacity, `1 to ${MAX_EVENTS}`);
    }
    if (recordStride < RECORD_LAYOUT.bytes || recordStride % 8 !== 0) {
      throw new BatchError(
        "recordStride",
        recordStride,
        "a multiple of 8, at least 64",
      );
    }
    if (!Number.isInteger(segments) || segments < 1 || segments > 0xffff) {
      throw new BatchError("segments", segments, "1 to 65535");
    }
    if (arena.byteLength > MAX_SEGMENT_BYTES) {
      throw new BatchError(
        "arenaBytes",
        arena.byteLength,
        `at most ${MAX_SEGMENT_BYTES}`,
      );
    }
    const needed = blockBytes({ capacity, segments, verdicts, recordStride });
    if (block.byteLength < needed || block.byteOffset % 8 !== 0) {
      throw new BatchError(
        "block",
        `${block.byteLength} bytes at ${block.byteOffset}`,
        `${needed} bytes, aligned to 8`,
      );
    }
    this.block = block.byteLength === needed ? block : block.subarray(0, needed);
    this.arena = arena;
    this.capacity = capacity;
    this.segmentCapacity = segments;
    this.recordStride = recordStride;
    this.#verdictCapacity = verdicts;
    this.#words = new Uint32Array(block.buffer, block.byteOffset, needed >>> 2);
    this.#signed = new Int32Array(block.buffer, block.byteOffset, needed >>> 2);
    this.#limits = new Int32Array(segments);
    this.#halves = new Uint16Array(
      block.buffer,
      block.byteOffset,
      needed >>> 1,
    );
    const segmentOffset = BATCH_LAYOUT.bytes + capacity * recordStride;
    const verdictOffset = segmentOffset + segments * SEGMENT_LAYOUT.bytes;
    this.#recordWord = BATCH_LAYOUT.bytes / WORD;
    this.#segmentWord = segmentOffset / WORD;
    this.#verdictWord = verdictOffset / WORD;
    if (options.format === false) {
      this.#views[0] = this.arena;
    } else {
      this.formatHeader();
      this.clear();
    }
  }

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

  /** Writes the header's fixed fields again, for memory the other side may have damaged. */
  formatHeader(): void {
    const words = this.#words;
    words[BATCH_LAYOUT.size / WORD] = BATCH_LAYOUT.bytes;
    words[BATCH_LAYOUT.recordStride / WORD] = this.recordStride;
    words[BATCH_LAYOUT.capacity / WORD] = this.capacity;
    words[BATCH_LAYOUT.recordOffset / WORD] = this.#recordWord * WORD;
    words[BATCH_LAYOUT.segmentOffset / WORD] = this.#segmentWord * WORD;
    words[BATCH_LAYOUT.verdictOffset / WORD] = this.#verdictWord * WORD;
    words[BATCH_LAYOUT.verdictCapacity / WORD] = this.#verdictCapacity;
    this.#halves[BATCH_LAYOUT.segmentCapacity / 2] = this.segmentCapacity;
    this.#writeSegment(0, 0, 0, this.arena.byteLength, SEGMENT_WRITABLE, 0);
    this.#views[0] = this.arena;
  }

  /** Empties the batch; its memory stays. Address of segment 0 is kept. */
  clear(): void {
    const words = this.#words;
    words[COUNT] = 0;
    words[ARENA_USED] = 0;
    words[FLAGS] = 0;
    words[VERDICT_DEFAULT] = 0;
    words[VERDICT_COUNT] = 0;
    words[this.#segmentWord + SEGMENT_LAYOUT.length / WORD] = 0;
    this.#halves[SEGMENT_COUNT] = 1;
    // Shortening the array would cost more than all of the above, and it grows again with the next batch.
    for (let index = 1; index < this.#views.length; index++) this.#views[index] = undefined;
  }

  /** Events in the batch. */
  get count(): number {
    return this.#words[COUNT]!;
  }
  set count(value: number) {
    this.#words[COUNT] = value;
  }

  /** Bytes used of {@linkcode arena}. */
  get arenaUsed(): number {
    return this.#words[ARENA_USED]!;
  }
  set arenaUsed(value: number) {
    this.#words[ARENA_USED] = value;
    this.#words[this.#segmentWord + SEGMENT_LAYOUT.length / WORD] = value;
  }

  /** Number the host gave this batch; below 2^53. */
  get id(): number {
    const at = BATCH_LAYOUT.batchId / WORD;
    return this.#words[at + 1]! * 4294967296 + this.#words[at]!;
  }
  set id(value: number) {
    const at = BATCH_LAYOUT.batchId / WORD;
    this.#words[at] = value >>> 0;
    this.#words[at + 1] = Math.floor(value / 4294967296);
  }

  /** Segments in use. */
  get segmentCount(): number {
    return this.#halves[SEGMENT_COUNT]!;
  }

  /** Whether no event and no byte more can be appended. */
  get full(): boolean {
    return this.count >= this.capacity;
  }

  #record(index: number): number {
    return this.#recordWord + index * (this.recordStride / WORD);
  }

  #segment(index: number): number {
    return this.#segmentWord + index * (SEGMENT_LAYOUT.bytes / WORD);
  }

  #writeSegment(
    index: number,
    base: number,
    length: number,
    capacity: number,
    flags: number,
    owner: number,
  ): void {
    const at = this.#segment(index);
    const words = this.#words;
    words[at] = base;
    words[at + 1] = 0;
    words[at + 2] = 0xffffffff;
    words[at + 3] = 0xffffffff;
    words[at + 4] = length;
    words[at + 5] = capacity;
    words[at + 6] = flags;
    words[at + 7] = owner;
  }

  /**
   * Adds payload memory the batch does not own and returns its segment number.
   *
   * @throws {BatchError} when the segment table is full.
   */
  addSegment(
    view: Uint8Array,
    options: { flags?: number; owner?: number } = {},
  ): number {
    const index = this.segmentCount;
    if (index >= this.segmentCapacity) {
      throw new BatchError(
        "segmentCount",
        index + 1,
        `at most ${this.segmentCapacity}`,
      );
    }
    this.#writeSegment(
      index,
      0,
      view.byteLength,
      view.byteLength,
      options.flags ?? 0,
      options.owner ?? 0,
    );
    this.#views[index] = view;
    this.#halves[SEGMENT_COUNT] = index + 1;
    return index;
  }

  /** The bytes of a segment; memory that was lent is looked up through {@linkcode resolveSegment}. */
  segmentView(index: number): Uint8Array {
    const known = this.#views[index];
    if (known !== undefined) return known;
    const at = this.#segment(index);
    const base = BigInt(this.#words[at + 1]!) << 32n | BigInt(this.#words[at]!);
    const length = this.#words[at + 4]!;
    if (index >= this.segmentCount || this.resolveSegment === undefined) {
      throw new BatchError(
        `segment[${index}]`,
        `unmapped, base ${base}`,
        "memory this process has a view of",
      );
    }
    return this.#views[index] = this.resolveSegment(base, length);
  }

  /** Tells which JavaScript memory a segment is, after native code has filled the table. */
  setSegmentView(index: number, view: Uint8Array | undefined): void {
    this.#views[index] = view;
  }

  /** Whether JavaScript has a view of the segment already. */
  hasSegmentView(index: number): boolean {
    return this.#views[index] !== undefined;
  }

  /** Address of a segment in this process, 0n when it was not set. */
  segmentBase(index: number): bigint {
    const at = this.#segment(index);
    return BigInt(this.#words[at + 1]!) << 32n | BigInt(this.#words[at]!);
  }

  /** Sets the address native code uses for a segment. */
  setSegmentBase(index: number, base: bigint): void {
    const at = this.#segment(index);
    this.#words[at] = Number(base & 0xffffffffn);
    this.#words[at + 1] = Number(base >> 32n);
  }

  /** Address of a segment as a number, 0 when it was not set: no BigInt is made, so it suits every batch. */
  segmentAddress(index: number): number {
    const at = this.#segment(index);
    return this.#words[at + 1]! * 4294967296 + this.#words[at]!;
  }

  /** Sets the address native code uses for a segment; below 2^53, as every address of a process is today. */
  setSegmentAddress(index: number, address: number): void {
    const at = this.#segment(index);
    this.#words[at] = address >>> 0;
    this.#words[at + 1] = Math.floor(address / 4294967296);
  }

  /** Flags of a segment. */
  segmentFlags(index: number): number {
    return this.#words[this.#segment(index) + 6]!;
  }

  /** Bytes in use of a segment. */
  segmentLength(index: number): number {
    return this.#words[this.#segment(index) + 4]!;
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
    const at = this.#record(index);
    const words = this.#words;
    words.fill(0, at, at + this.recordStride / WORD);
    const ns = timestampMs * 1e6;
    const high = Math.floor(ns / 4294967296);
    words[at] = ns - high * 4294967296;
    words[at + 1] = high;
    words[at + 2] = index;
    words[at + 4] = offset;
    words[at + 5] = length;
    this.#halves[(at << 1) + RECORD_LAYOUT.payloadSegment / 2] = segment;
    words[COUNT] = index + 1;
    return index;
  }

  /** Copies a payload into the arena and appends its event; `false` when it does not fit. */
  appendBytes(bytes: Uint8Array, timestampMs: number): boolean {
    const offset = this.arenaUsed;
    if (
      this.count >= this.capacity ||
      bytes.byteLength > this.arena.byteLength - offset
    ) return false;
    this.arena.set(bytes, offset);
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
    const source = from.#record(index);
    const at = this.#record(target);
    const words = Math.min(this.recordStride, from.recordStride) / WORD;
    this.#words.set(from.#words.subarray(source, source + words), at);
    this.#words[COUNT] = target + 1;
    return target;
  }

  /** Takes over another batch's segment table, so that its records mean the same here. */
  shareSegments(from: Batch): void {
    const count = from.segmentCount;
    if (count > this.segmentCapacity) {
      throw new BatchError(
        "segmentCount",
        count,
        `at most ${this.segmentCapacity}`,
      );
    }
    const source = from.#segment(0);
    const length = count * (SEGMENT_LAYOUT.bytes / WORD);
    this.#words.set(
      from.#words.subarray(source, source + length),
      this.#segment(0),
    );
    for (let index = 0; index < count; index++) {
      this.#views[index] = from.#views[index];
    }
    this.#halves[SEGMENT_COUNT] = count;
    this.resolveSegment = from.resolveSegment;
  }

  /** Takes back the batch's own arena as segment 0, after {@linkcode shareSegments}. */
  ownSegments(): void {
    this.#writeSegment(0, 0, 0, this.arena.byteLength, SEGMENT_WRITABLE, 0);
    this.#views[0] = this.arena;
    this.clear();
  }

  /**
   * Appends the events of a batch that lies in memory somebody else can write: copies what is used of it once, checks
   * the copy, and never looks at the original again. Its payloads must all lie in its own arena.
   *
   * @returns how many events were appended
   * @throws {BatchError} when it does not fit or points outside what it says it uses; nothing is appended then.
   */
  absorb(shared: Batch): number {
    const count = shared.count;
    const used = shared.arenaUsed;
    const first = this.count;
    const base = this.arenaUsed;
    const room = Math.min(shared.capacity, this.capacity - first);
    if (count > room) throw new BatchError("count", count, `at most ${room}`);
    const space = Math.min(
      shared.arena.byteLength,
      this.arena.byteLength - base,
    );
    if (used > space) {
      throw new BatchError("arenaUsed", used, `at most ${space}`);
    }
    if (shared.recordStride !== this.recordStride) {
      throw new BatchError(
        "recordStride",
        shared.recordStride,
        `${this.recordStride}`,
      );
    }
    const stride = this.recordStride / WORD;
    const from = shared.#recordWord;
    const to = this.#record(first);
    this.#words.set(
      shared.#words.subarray(from, from + count * stride),
      to,
    );
    this.arena.set(shared.arena.subarray(0, used), base);
    for (let index = 0; index < count; index++) {
      this.#rebase(index, to + index * stride, used, base);
    }
    this.count = first + count;
    this.arenaUsed = Math.min(
      this.arena.byteLength,
      base + ((used + 7) & ~7),
    );
    return count;
  }

  /** Checks one absorbed record against the bytes that came with it and moves it to where they lie now. */
  #rebase(index: number, at: number, used: number, base: number): void {
    const words = this.#words;
    const halves = at << 1;
    const payload = words[at + PAYLOAD]!;
    const key = words[at + KEY]!;
    const meta = words[at + META]!;
    // One branch for what is true of every honest record; the loop below finds out which field is wrong.
    if (
      payload + words[at + PAYLOAD + 1]! > used ||
      key + words[at + KEY + 1]! > used ||
      meta + words[at + META + 1]! > used ||
      (this.#halves[halves + PAYLOAD_SEGMENT]! |
          this.#halves[halves + KEY_SEGMENT]! |
          this.#halves[halves + META_SEGMENT]!) !== 0
    ) this.#refuse(index, at, used);
    if (base === 0) return;
    words[at + PAYLOAD] = payload + base;
    words[at + KEY] = key + base;
    words[at + META] = meta + base;
  }

  #refuse(index: number, at: number, used: number): never {
    for (const { name, offsetWord, segmentHalf } of PARTS) {
      const segment = this.#halves[(at << 1) + segmentHalf]!;
      if (segment !== 0) {
        throw new BatchError(
          `record[${index}].${name}Segment`,
          segment,
          "0, the arena it came with",
        );
      }
      const offset = this.#words[at + offsetWord]!;
      const length = this.#words[at + offsetWord + 1]!;
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

  /**
   * Replaces what the batch holds with events `start` and following of another batch, as many as fit, payloads copied
   * into the arena. Never reads this batch's own memory, so it may lie where somebody else can write.
   *
   * @returns how many events were copied; 0 when event `start` alone is larger than the arena
   */
  copyFrom(from: Batch, start: number): number {
    const whole = start === 0 ? this.#copyWhole(from) : 0;
    return whole > 0 ? whole : this.#copyEach(from, start);
  }

  /** Copies a batch whose payloads lie in one segment and fill most of it with two moves; 0 when it is another one. */
  #copyWhole(from: Batch): number {
    const count = from.count;
    const used = from.segmentLength(0);
    if (
      from.segmentCount !== 1 || count > this.capacity ||
      used > this.arena.byteLength || this.recordStride !== from.recordStride
    ) return 0;
    const stride = from.recordStride / WORD;
    let wanted = 0;
    let at = from.#recordWord;
    for (let index = 0; index < count; index++) {
      wanted += from.#words[at + PAYLOAD + 1]!;
      at += stride;
    }
    if (wanted < used >>> 1) return 0;
    this.#words.set(
      from.#words.subarray(from.#recordWord, from.#recordWord + count * stride),
      this.#recordWord,
    );
    this.arena.set(from.segmentView(0).subarray(0, used), 0);
    this.#writeHeader(count, used);
    return count;
  }

  #copyEach(from: Batch, start: number): number {
    const room = Math.min(this.capacity, from.count - start);
    const limit = this.arena.byteLength;
    const stride = Math.min(this.recordStride, from.recordStride) / WORD;
    const words = this.#words;
    let used = 0;
    let copied = 0;
    for (; copied < room; copied++) {
      const source = from.#record(start + copied);
      const at = this.#record(copied);
      for (let word = 0; word < stride; word++) {
        words[at + word] = from.#words[source + word]!;
      }
      let next = used;
      for (let part = 0; part < PARTS.length; part++) {
        const { offsetWord, segmentHalf } = PARTS[part]!;
        const length = from.#words[source + offsetWord + 1]!;
        this.#halves[(at << 1) + segmentHalf] = 0;
        words[at + offsetWord] = 0;
        if (length === 0) continue;
        if (length > limit - next) {
          next = -1;
          break;
        }
        const offset = from.#words[source + offsetWord]!;
        const segment = from.#halves[(source << 1) + segmentHalf]!;
        this.arena.set(
          from.segmentView(segment).subarray(offset, offset + length),
          next,
        );
        words[at + offsetWord] = next;
        next = Math.min(limit, next + ((length + 7) & ~7));
      }
      if (next < 0) break;
      used = next;
    }
    this.#writeHeader(copied, used);
    return copied;
  }

  #writeHeader(count: number, arenaUsed: number): void {
    this.clear();
    this.count = count;
    this.arenaUsed = arenaUsed;
  }

  /** Segment of an event's payload. */
  payloadSegment(index: number): number {
    return this
      .#halves[(this.#record(index) << 1) + RECORD_LAYOUT.payloadSegment / 2]!;
  }
  /** Offset of an event's payload in its segment. */
  payloadOffset(index: number): number {
    return this
      .#words[this.#record(index) + RECORD_LAYOUT.payloadOffset / WORD]!;
  }
  /** Length of an event's payload. */
  payloadLength(index: number): number {
    return this
      .#words[this.#record(index) + RECORD_LAYOUT.payloadLength / WORD]!;
  }
  /** A view of an event's payload; valid until the batch is settled. */
  payload(index: number): Uint8Array {
    const offset = this.payloadOffset(index);
    return this.segmentView(this.payloadSegment(index)).subarray(
      offset,
      offset + this.payloadLength(index),
    );
  }
  /** When the event entered the system, milliseconds since 1970, exact to a microsecond. */
  timestampMs(index: number): number {
    const at = this.#record(index);
    return (this.#words[at + 1]! * 4294967296 + this.#words[at]!) / 1e6;
  }
  /** When the event entered the system, nanoseconds since 1970. */
  timestampNs(index: number): bigint {
    const at = this.#record(index);
    return BigInt(this.#words[at + 1]!) << 32n | BigInt(this.#words[at]!);
  }
  /** The source's token for the event; exact below 2^53. */
  sequence(index: number): number {
    const at = this.#record(index);
    return this.#words[at + 3]! * 4294967296 + this.#words[at + 2]!;
  }
  /** Gives the event the source's token. */
  setSequence(index: number, value: number): void {
    const at = this.#record(index);
    this.#words[at + 2] = value >>> 0;
    this.#words[at + 3] = Math.floor(value / 4294967296);
  }

  /** Gives an event time and token of the event of another batch it was made from. */
  takeOrigin(index: number, from: Batch, origin: number): void {
    const at = this.#record(index);
    const source = from.#record(origin);
    for (let word = 0; word < RECORD_LAYOUT.payloadOffset / WORD; word++) {
      this.#words[at + word] = from.#words[source + word]!;
    }
  }

  /** Verdict on every event that has no entry of its own. */
  get verdictDefault(): number {
    return this.#words[VERDICT_DEFAULT]!;
  }
  set verdictDefault(value: number) {
    this.#words[VERDICT_DEFAULT] = value;
  }
  /** Entries in the verdict list. */
  get verdictCount(): number {
    return this.#words[VERDICT_COUNT]!;
  }
  /** Flags of the batch. */
  get flags(): number {
    return this.#words[FLAGS]!;
  }

  /** Adds a verdict; `false` when the list is full. */
  addVerdict(entry: VerdictEntry): boolean {
    const index = this.verdictCount;
    if (index >= this.#verdictCapacity) return false;
    const at = this.#verdictWord + index * (VERDICT_LAYOUT.bytes / WORD);
    this.#words[at] = entry.index;
    this.#words[at + 1] = (entry.action & 0xffff) | (entry.failureClass << 16);
    this.#words[at + 2] = entry.code;
    this.#words[at + 3] = entry.retryAfterMs;
    this.#words[VERDICT_COUNT] = index + 1;
    return true;
  }

  /** One entry of the verdict list. */
  verdict(index: number): VerdictEntry {
    const at = this.#verdictWord + index * (VERDICT_LAYOUT.bytes / WORD);
    const pair = this.#words[at + 1]!;
    return {
      index: this.#words[at]!,
      action: pair & 0xffff,
      failureClass: pair >>> 16,
      code: this.#words[at + 2]! | 0,
      retryAfterMs: this.#words[at + 3]!,
    };
  }

  /**
   * Checks every count, index, offset and length that somebody else may have written.
   *
   * The memory must not change during or after the check: take a snapshot of shared memory first.
   *
   * @throws {BatchError} naming the first field that points outside.
   */
  validate(): void {
    const count = this.count;
    if (count > this.capacity) {
      throw new BatchError("count", count, `at most ${this.capacity}`);
    }
    const segments = this.segmentCount;
    if (segments < 1 || segments > this.segmentCapacity) {
      throw new BatchError(
        "segmentCount",
        segments,
        `1 to ${this.segmentCapacity}`,
      );
    }
    if (this.arenaUsed > this.arena.byteLength) {
      throw new BatchError(
        "arenaUsed",
        this.arenaUsed,
        `at most ${this.arena.byteLength}`,
      );
    }
    const limits = this.#limits;
    for (let index = 0; index < segments; index++) {
      const length = index === 0 && this.#views[0] === this.arena ? this.arena.byteLength : this.segmentLength(index);
      const view = this.#views[index];
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
    this.#validateRecords(count, segments);
  }

  /**
   * One tight loop that only asks whether all is well; what is wrong is found out afterwards.
   *
   * Everything stays in 31 bits, where sums need no floating point: below 2^30 the sum of two cannot overflow, and what
   * is not below, or has a key or metadata, takes the slow path.
   */
  #validateRecords(count: number, segments: number): void {
    const words = this.#signed;
    const limits = this.#limits;
    const step = this.recordStride / WORD;
    const end = this.#recordWord + count * step;
    for (let at = this.#recordWord; at < end; at += step) {
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
      this.#validateRecord((at - this.#recordWord) / step, at, segments);
    }
  }

  #validateRecord(index: number, at: number, segments: number): void {
    this.#validateRange(index, "payload", at, RECORD_LAYOUT.payloadOffset, RECORD_LAYOUT.payloadSegment, segments);
    this.#validateRange(index, "key", at, RECORD_LAYOUT.keyOffset, RECORD_LAYOUT.keySegment, segments);
    this.#validateRange(index, "meta", at, RECORD_LAYOUT.metaOffset, RECORD_LAYOUT.metaSegment, segments);
  }

  #validateRange(
    index: number,
    part: string,
    at: number,
    offsetField: number,
    segmentField: number,
    segments: number,
  ): void {
    const offset = this.#words[at + offsetField / WORD]!;
    const length = this.#words[at + offsetField / WORD + 1]!;
    const segment = this.#halves[(at << 1) + segmentField / 2]!;
    if (segment >= segments) {
      throw new BatchError(
        `record[${index}].${part}Segment`,
        segment,
        `below ${segments}`,
      );
    }
    const limit = this.#limits[segment]!;
    if (offset + length > limit) {
      throw new BatchError(
        `record[${index}].${part}Offset`,
        `${offset}+${length}`,
        `at most ${limit} in segment ${segment}`,
      );
    }
  }
}
