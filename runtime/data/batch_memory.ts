/** Memory a batch lies in: header and segment table. Offsets are counted in words of 4 bytes. @module */
import { BatchError } from "./batch_error.ts";
import { batchDimensions, type BatchOptions, blockBytes, checkDimensions } from "./batch_options.ts";
import { BATCH_LAYOUT, SEGMENT_LAYOUT, SEGMENT_WRITABLE } from "./layout.ts";

const WORD = 4;
const COUNT = BATCH_LAYOUT.count / WORD;
const ARENA_USED = BATCH_LAYOUT.arenaUsed / WORD;
const VERDICT_DEFAULT = BATCH_LAYOUT.verdictDefault / WORD;
const VERDICT_COUNT = BATCH_LAYOUT.verdictCount / WORD;
const FLAGS = BATCH_LAYOUT.flags / WORD;
const SEGMENT_COUNT = BATCH_LAYOUT.segmentCount / 2;

/** What a batch is made of, without the meaning of its records. Use `Batch`. */
export class BatchMemory {
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
  /** Whether the arena is memory that other threads may see. */
  readonly sharedArena: boolean;
  /** The block as unsigned words. */
  readonly words: Uint32Array;
  /** The block as pairs of words, to write zeros. */
  readonly pairs: Float64Array;
  /** The block as signed words. */
  readonly signed: Int32Array;
  /** Bytes behind each segment, filled in anew by every validation. */
  readonly limits: Int32Array;
  /** The block as halves of words. */
  readonly halves: Uint16Array;
  /** Index of the first record in {@linkcode words}. */
  readonly recordWord: number;
  readonly #segmentWord: number;
  /** Index of the first verdict in {@linkcode words}. */
  readonly verdictWord: number;
  /** Most verdicts the list holds. */
  readonly verdictCapacity: number;
  readonly #views: (Uint8Array | undefined)[] = [];
  // Halves, since putting them together and apart again takes longer than both of the rest.
  #arenaLow = 0;
  #arenaHigh = 0;
  /** What a reader made of all events at once, to be used again for the next of them; {@linkcode clear} drops it. */
  memo: unknown = undefined;
  /** Finds the bytes behind a segment that JavaScript has no view of: memory a native plugin lent. */
  resolveSegment: ((base: bigint, length: number) => Uint8Array) | undefined;

  /** Lays a batch over memory that is at least {@linkcode blockBytes} long and aligned to 8. */
  constructor(block: Uint8Array, arena: Uint8Array, options: BatchOptions = {}) {
    const dimensions = batchDimensions(options);
    checkDimensions(block, arena, dimensions);
    const { capacity, segments, verdicts, recordStride } = dimensions;
    const needed = blockBytes(dimensions);
    this.block = block.byteLength === needed ? block : block.subarray(0, needed);
    this.arena = arena;
    this.sharedArena = arena.buffer instanceof SharedArrayBuffer;
    this.capacity = capacity;
    this.segmentCapacity = segments;
    this.recordStride = recordStride;
    this.verdictCapacity = verdicts;
    this.words = new Uint32Array(block.buffer, block.byteOffset, needed >>> 2);
    this.pairs = new Float64Array(block.buffer, block.byteOffset, needed >>> 3);
    this.signed = new Int32Array(block.buffer, block.byteOffset, needed >>> 2);
    this.limits = new Int32Array(segments);
    this.halves = new Uint16Array(block.buffer, block.byteOffset, needed >>> 1);
    const segmentOffset = BATCH_LAYOUT.bytes + capacity * recordStride;
    const verdictOffset = segmentOffset + segments * SEGMENT_LAYOUT.bytes;
    this.recordWord = BATCH_LAYOUT.bytes / WORD;
    this.#segmentWord = segmentOffset / WORD;
    this.verdictWord = verdictOffset / WORD;
    if (options.format === false) {
      this.#views[0] = this.arena;
    } else {
      this.formatHeader();
      this.clear();
    }
  }

  /** Writes the header's fixed fields again, for memory the other side may have damaged. */
  formatHeader(): void {
    const words = this.words;
    words[BATCH_LAYOUT.size / WORD] = BATCH_LAYOUT.bytes;
    words[BATCH_LAYOUT.recordStride / WORD] = this.recordStride;
    words[BATCH_LAYOUT.capacity / WORD] = this.capacity;
    words[BATCH_LAYOUT.recordOffset / WORD] = this.recordWord * WORD;
    words[BATCH_LAYOUT.segmentOffset / WORD] = this.#segmentWord * WORD;
    words[BATCH_LAYOUT.verdictOffset / WORD] = this.verdictWord * WORD;
    words[BATCH_LAYOUT.verdictCapacity / WORD] = this.verdictCapacity;
    this.halves[BATCH_LAYOUT.segmentCapacity / 2] = this.segmentCapacity;
    this.#writeSegment(0, 0, 0, this.arena.byteLength, SEGMENT_WRITABLE, 0);
    this.#views[0] = this.arena;
  }

  /** Empties the batch; its memory stays. Address of segment 0 is kept. */
  clear(): void {
    const words = this.words;
    words[COUNT] = 0;
    words[ARENA_USED] = 0;
    words[FLAGS] = 0;
    words[VERDICT_DEFAULT] = 0;
    words[VERDICT_COUNT] = 0;
    words[this.#segmentWord + SEGMENT_LAYOUT.length / WORD] = 0;
    this.halves[SEGMENT_COUNT] = 1;
    this.memo = undefined;
    // Shortening the array would cost more than all of the above, and it grows again with the next batch.
    for (let index = 1; index < this.#views.length; index++) this.#views[index] = undefined;
  }

  /** Events in the batch. */
  get count(): number {
    return this.words[COUNT]!;
  }
  set count(value: number) {
    this.words[COUNT] = value;
  }

  /** Bytes used of {@linkcode arena}. */
  get arenaUsed(): number {
    return this.words[ARENA_USED]!;
  }
  set arenaUsed(value: number) {
    this.words[ARENA_USED] = value;
    this.words[this.#segmentWord + SEGMENT_LAYOUT.length / WORD] = value;
  }

  /** Number the host gave this batch; below 2^53. */
  get id(): number {
    const at = BATCH_LAYOUT.batchId / WORD;
    return this.words[at + 1]! * 4294967296 + this.words[at]!;
  }
  set id(value: number) {
    const at = BATCH_LAYOUT.batchId / WORD;
    this.words[at] = value >>> 0;
    this.words[at + 1] = Math.floor(value / 4294967296);
  }

  /** Segments in use. */
  get segmentCount(): number {
    return this.halves[SEGMENT_COUNT]!;
  }

  /** Flags of the batch. */
  get flags(): number {
    return this.words[FLAGS]!;
  }
  set flags(value: number) {
    this.words[FLAGS] = value;
  }

  /** Whether no event more can be appended. */
  get full(): boolean {
    return this.count >= this.capacity;
  }

  /** Index of a record in {@linkcode words}. */
  recordAt(index: number): number {
    return this.recordWord + index * (this.recordStride / WORD);
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
    const words = this.words;
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
  addSegment(view: Uint8Array, options: { flags?: number; owner?: number } = {}): number {
    const index = this.segmentCount;
    if (index >= this.segmentCapacity) {
      throw new BatchError("segmentCount", index + 1, `at most ${this.segmentCapacity}`);
    }
    this.#writeSegment(index, 0, view.byteLength, view.byteLength, options.flags ?? 0, options.owner ?? 0);
    this.#views[index] = view;
    this.halves[SEGMENT_COUNT] = index + 1;
    return index;
  }

  /** The bytes of a segment; memory that was lent is looked up through {@linkcode resolveSegment}. */
  segmentView(index: number): Uint8Array {
    const known = this.#views[index];
    if (known !== undefined) return known;
    const at = this.#segment(index);
    const base = BigInt(this.words[at + 1]!) << 32n | BigInt(this.words[at]!);
    const length = this.words[at + 4]!;
    if (index >= this.segmentCount || this.resolveSegment === undefined) {
      throw new BatchError(`segment[${index}]`, `unmapped, base ${base}`, "memory this process has a view of");
    }
    return this.#views[index] = this.resolveSegment(base, length);
  }

  /** Tells which JavaScript memory a segment is, after native code has filled the table. */
  setSegmentView(index: number, view: Uint8Array | undefined): void {
    this.#views[index] = view;
  }

  /** The view JavaScript has of a segment, if it has one. */
  knownView(index: number): Uint8Array | undefined {
    return this.#views[index];
  }

  /** Whether JavaScript has a view of the segment already. */
  hasSegmentView(index: number): boolean {
    return this.#views[index] !== undefined;
  }

  /** Address of a segment in this process, 0n when it was not set. */
  segmentBase(index: number): bigint {
    const at = this.#segment(index);
    return BigInt(this.words[at + 1]!) << 32n | BigInt(this.words[at]!);
  }

  /** Sets the address native code uses for a segment. */
  setSegmentBase(index: number, base: bigint): void {
    const at = this.#segment(index);
    this.words[at] = Number(base & 0xffffffffn);
    this.words[at + 1] = Number(base >> 32n);
  }

  /** Address of a segment as a number, 0 when it was not set: no BigInt is made, so it suits every batch. */
  segmentAddress(index: number): number {
    const at = this.#segment(index);
    return this.words[at + 1]! * 4294967296 + this.words[at]!;
  }

  /** Sets the address native code uses for a segment; below 2^53, as every address of a process is today. */
  setSegmentAddress(index: number, address: number): void {
    const at = this.#segment(index);
    this.words[at] = address >>> 0;
    this.words[at + 1] = Math.floor(address / 4294967296);
  }

  /** Whether the address of the batch's own arena is known, and need not be looked up. */
  get knowsArena(): boolean {
    return this.#arenaHigh !== 0 || this.#arenaLow !== 0;
  }

  /** Remembers where the arena lies in this process. It never moves; below 2^53. */
  rememberArena(address: number): void {
    this.#arenaLow = address >>> 0;
    this.#arenaHigh = Math.floor(address / 4294967296);
  }

  /** Writes the remembered address into a segment: what stood there may have been a plugin's. */
  writeArenaAddress(index: number): void {
    const at = this.#segment(index);
    this.words[at] = this.#arenaLow;
    this.words[at + 1] = this.#arenaHigh;
  }

  /** Whether a segment says that it lies where the arena does. */
  liesInArena(index: number): boolean {
    const at = this.#segment(index);
    return this.words[at] === this.#arenaLow && this.words[at + 1] === this.#arenaHigh;
  }

  /** Flags of a segment. */
  segmentFlags(index: number): number {
    return this.words[this.#segment(index) + 6]!;
  }

  /** Bytes in use of a segment. */
  segmentLength(index: number): number {
    return this.words[this.#segment(index) + 4]!;
  }

  /**
   * Takes over another batch's segment table, so that its records mean the same here. Segment 0 is then the memory of the
   * other batch: new payloads need a segment of their own, see {@linkcode addSegment}.
   *
   * @throws {BatchError} when payloads were copied into this batch before, or the table has no room
   */
  shareSegments(from: BatchMemory): void {
    const count = from.segmentCount;
    if (this.ownsArena && this.words[COUNT] !== 0 && this.words[ARENA_USED] !== 0) {
      // Their records say segment 0, which would now be somebody else's bytes.
      throw new BatchError("arenaUsed", this.arenaUsed, "0, as long as segments are to be shared");
    }
    if (count > this.segmentCapacity) {
      throw new BatchError("segmentCount", count, `at most ${this.segmentCapacity}`);
    }
    const source = from.#segment(0);
    const length = count * (SEGMENT_LAYOUT.bytes / WORD);
    this.words.set(
      from.words.subarray(source, source + length),
      this.#segment(0),
    );
    for (let index = 0; index < count; index++) {
      this.#views[index] = from.#views[index];
    }
    this.halves[SEGMENT_COUNT] = count;
    this.resolveSegment = from.resolveSegment;
  }

  /** Whether segment 0 is the batch's own arena. */
  get ownsArena(): boolean {
    return this.#views[0] === this.arena;
  }

  /**
   * Refuses to put payloads into the arena while segment 0 is another batch's memory: their records would say segment 0,
   * and whoever reads them would get the other batch's bytes.
   *
   * @throws {BatchError} after {@linkcode shareSegments}, until {@linkcode ownSegments}
   */
  requireArena(): void {
    if (this.#views[0] === this.arena) return;
    throw new BatchError(
      "segment[0]",
      "the memory of another batch, by shareSegments",
      "the batch's own arena; add a segment for new payloads with addSegment and append",
    );
  }

  /** Takes back the batch's own arena as segment 0, after {@linkcode shareSegments}. */
  ownSegments(): void {
    this.#writeSegment(0, 0, 0, this.arena.byteLength, SEGMENT_WRITABLE, 0);
    this.#views[0] = this.arena;
    this.clear();
  }
}
