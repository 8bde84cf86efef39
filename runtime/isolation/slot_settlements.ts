/** How a source learns what became of each slot it filled, exactly: a ring the host writes and the runner reads. @module */
import type { Batch } from "../data/batch.ts";

/** Bytes before the first entry: how many were written at 0, how many were read at 64. */
const HEADER_BYTES = 128;
const ENTRY_WORDS = 4;
const TAIL_WORD = 16;
/** Set by a runner that sleeps. */
const BELL_WORD = 17;
const FAILED = 1;
const DONE = 2;

/** Bytes a ring of this many entries takes. */
export function settlementBytes(entries: number): number {
  return HEADER_BYTES + entries * ENTRY_WORDS * 4;
}

interface Slot {
  readonly id: number;
  readonly count: number;
  /** Events nothing was said about yet. */
  left: number;
  readonly failed: number[];
}

/** A stretch of a slot's events in a batch of the host. */
interface Piece {
  readonly slot: Slot;
  readonly first: number;
}

/**
 * The host's end. What does not fit the ring waits here, so nothing is ever lost or told twice. The other side's words are
 * hints: a wrong one delays what a plugin is told about its own events.
 */
export class SlotSettlements {
  readonly #words: Uint32Array;
  readonly #control: Int32Array;
  readonly #entries: number;
  readonly #wake: () => void;
  readonly #pieces = new WeakMap<Batch, Piece>();
  #head = 0;
  #slot: Slot | undefined;
  #waiting: number[] = [];

  /**
   * Attaches to memory of {@linkcode settlementBytes}, all zero.
   *
   * @param offset a multiple of 64
   * @param entries a power of two
   * @param wake rings the other side's doorbell
   */
  constructor(buffer: SharedArrayBuffer, offset: number, entries: number, wake: () => void) {
    this.#wake = wake;
    this.#control = new Int32Array(buffer, offset, HEADER_BYTES / 4);
    this.#words = new Uint32Array(buffer, offset + HEADER_BYTES, entries * ENTRY_WORDS);
    this.#entries = entries;
  }

  /** Remembers that events of a slot, from `first` on, are in a batch. A slot begins with its event 0. */
  taken(batch: Batch, slotId: number, first: number, count: number): void {
    if (first === 0 || this.#slot === undefined) this.#slot = { id: slotId, count, left: count, failed: [] };
    this.#pieces.set(batch, { slot: this.#slot, first });
  }

  /** Says that events of a slot, from `first` on, went nowhere. */
  dropped(first: number): void {
    const slot = this.#slot;
    if (slot === undefined) return;
    slot.failed.push(first);
    this.#less(slot, 1);
  }

  /** Passes on what became of a batch. */
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    const piece = this.#pieces.get(batch);
    if (piece !== undefined) {
      this.#pieces.delete(batch);
      const { slot, first } = piece;
      for (const index of failures.keys()) slot.failed.push(first + index);
      this.#less(slot, batch.count);
    }
    this.flush();
  }

  #less(slot: Slot, events: number): void {
    slot.left -= events;
    if (slot.left > 0) return;
    for (const index of slot.failed) this.#waiting.push(slot.id, index, FAILED);
    this.#waiting.push(slot.id, slot.count, DONE);
  }

  /** Writes what waits, as far as there is room. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const tail = Atomics.load(this.#control, TAIL_WORD);
    const used = (this.#head - tail) >>> 0;
    const room = Math.max(0, this.#entries - used);
    const entries = Math.min(room, this.#waiting.length / 3);
    for (let entry = 0; entry < entries; entry++) {
      const at = ((this.#head + entry) & (this.#entries - 1)) * ENTRY_WORDS;
      const id = this.#waiting[entry * 3]!;
      this.#words[at] = id >>> 0;
      this.#words[at + 1] = Math.floor(id / 4294967296);
      this.#words[at + 2] = this.#waiting[entry * 3 + 1]!;
      this.#words[at + 3] = this.#waiting[entry * 3 + 2]!;
    }
    this.#waiting = entries * 3 === this.#waiting.length ? [] : this.#waiting.slice(entries * 3);
    this.#head = (this.#head + entries) | 0;
    Atomics.store(this.#control, 0, this.#head);
    if (Atomics.load(this.#control, BELL_WORD) !== 0 && Atomics.exchange(this.#control, BELL_WORD, 0) !== 0) {
      this.#wake();
    }
  }
}
