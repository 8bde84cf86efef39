/** The emptying end of a ring. @module */
import type { Batch } from "./batch.ts";
import { headDistance, RING_WORDS, type RingMemory, ringWords, slotBatches } from "./ring.ts";
import { RingBell, type RingWaitOptions, type RingWaker } from "./ring_bell.ts";

/** Takes batches out of a ring in order. Only one consumer may be attached to a ring. */
export class RingConsumer {
  readonly #words: Int32Array;
  readonly #slots: readonly Batch[];
  readonly #data: RingBell;
  readonly #space: RingBell;
  readonly #ready: () => boolean;
  #tail: number;
  #headSeen: number;

  /**
   * Attaches to a ring.
   *
   * @param waker how the other side is woken when it is another process; both sides need one then
   * @throws {BatchError} when the memory is too small for what it says.
   */
  constructor(memory: RingMemory, waker?: RingWaker) {
    const words = ringWords(memory);
    this.#words = words;
    this.#slots = slotBatches(memory);
    this.#data = new RingBell(
      words,
      RING_WORDS.dataPosted,
      RING_WORDS.dataArmed,
      waker,
    );
    this.#space = new RingBell(
      words,
      RING_WORDS.spacePosted,
      RING_WORDS.spaceArmed,
      waker,
    );
    this.#tail = Atomics.load(words, RING_WORDS.tail) >>> 0;
    // Not the word as it stands: whoever attaches late must not take a forged one for the start.
    this.#headSeen = this.#tail;
    this.#ready = () => this.available > 0 || this.#stopped();
  }

  #stopped(): boolean {
    return Atomics.load(this.#words, RING_WORDS.producerEnded) !== 0 ||
      Atomics.load(this.#words, RING_WORDS.consumerEnded) !== 0;
  }

  /**
   * Batches published and not yet consumed.
   *
   * @throws {BatchError} when the other side's word is not possible.
   */
  get available(): number {
    const head = Atomics.load(this.#words, RING_WORDS.head);
    const available = headDistance(
      head,
      this.#headSeen,
      this.#tail,
      this.#slots.length,
    );
    this.#headSeen = head;
    return available;
  }

  /** Whether nothing will come any more and nothing is left. */
  get ended(): boolean {
    // The end is read first: a batch published before the producer ended is visible then.
    return this.#stopped() && this.available === 0;
  }

  /**
   * The next batch, or `undefined` when there is none yet. Where the producer is not trusted, only
   * {@linkcode Batch.absorb} it.
   */
  peek(): Batch | undefined {
    if (this.available === 0) return undefined;
    return this.#slots[this.#tail & (this.#slots.length - 1)]!;
  }

  /** Gives the slot that was peeked back to the producer. */
  consume(): void {
    this.#tail = (this.#tail + 1) >>> 0;
    Atomics.store(this.#words, RING_WORDS.tail, this.#tail | 0);
    // As of the last look at the head: too few at worst, and then the producer is woken early.
    this.#space.ring((this.#headSeen - this.#tail) >>> 0);
  }

  /** Waits for a batch; `true` at once when there is one. `false`: ended, aborted or out of time. */
  waitForBatch(options?: RingWaitOptions): boolean | Promise<boolean> {
    if (this.#data.spin(this.#ready)) return this.available > 0;
    return this.#data.wait(this.#ready, options).then(() => this.available > 0);
  }

  /** Says that nothing more will be consumed, and wakes both sides. */
  close(): void {
    Atomics.store(this.#words, RING_WORDS.consumerEnded, 1);
    this.#space.wakeAll();
    this.#data.wakeAll();
  }
}
