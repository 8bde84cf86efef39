/** The filling end of a ring. @module */
import type { Batch } from "./batch.ts";
import { RING_WORDS, type RingMemory, ringWords, slotBatches, tailDistance } from "./ring.ts";
import { RingBell, type RingWaitOptions, type RingWaker } from "./ring_bell.ts";

/** Fills slots of a ring and publishes them in order. Only one producer may be attached to a ring. */
export class RingProducer {
  readonly #words: Int32Array;
  readonly #slots: readonly Batch[];
  readonly #data: RingBell;
  readonly #space: RingBell;
  readonly #atLevel: () => boolean;
  #level = 0;
  #head: number;
  #tailSeen: number;
  #claimed: Batch | undefined;

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
    this.#head = Atomics.load(words, RING_WORDS.head) >>> 0;
    this.#tailSeen = Atomics.load(words, RING_WORDS.tail);
    this.#atLevel = () => this.closed || this.pending <= this.#level;
  }

  /** Batches published so far, modulo 2^32. */
  get published(): number {
    return this.#head;
  }

  /**
   * Batches published and not yet consumed.
   *
   * @throws {BatchError} when the other side's word is not possible.
   */
  get pending(): number {
    const tail = Atomics.load(this.#words, RING_WORDS.tail);
    const pending = tailDistance(tail, this.#tailSeen, this.#head);
    this.#tailSeen = tail;
    return pending;
  }

  /** Slots published and not consumed, and consumed so far: for whoever watches that the consumer makes progress. */
  get work(): { readonly pending: number; readonly done: number } {
    const { pending } = this;
    return { pending, done: (this.#head - pending) >>> 0 };
  }

  /** Whether one side has ended the ring: nothing more can be published to anybody. */
  get closed(): boolean {
    return Atomics.load(this.#words, RING_WORDS.consumerEnded) !== 0 ||
      Atomics.load(this.#words, RING_WORDS.producerEnded) !== 0;
  }

  /**
   * The next free slot, emptied, or `undefined` when the ring is full or closed. The same slot until
   * {@linkcode publish}.
   */
  claim(): Batch | undefined {
    if (this.#claimed !== undefined) return this.#claimed;
    if (this.closed || this.pending >= this.#slots.length) return undefined;
    const slot = this.#slots[this.#head & (this.#slots.length - 1)]!;
    slot.clear();
    return this.#claimed = slot;
  }

  /** The slot claimed and not yet published. */
  get claimed(): Batch | undefined {
    return this.#claimed;
  }

  /** Hands the claimed slot to the consumer. Does nothing when none was claimed. */
  publish(): void {
    this.publishQuietly();
    this.#data.ring();
  }

  /** As {@linkcode publish}, for several in a row: a consumer that sleeps is woken by {@linkcode ring}, not now. */
  publishQuietly(): void {
    if (this.#claimed === undefined) return;
    this.#claimed = undefined;
    this.#head = (this.#head + 1) >>> 0;
    Atomics.store(this.#words, RING_WORDS.head, this.#head | 0);
  }

  /** Wakes a consumer that sleeps. */
  ring(): void {
    this.#data.ring();
  }

  /**
   * The slot that holds published batch number `sequence`; what the consumer wrote back is there once
   * {@linkcode pending} says it is consumed, until the slot is claimed again.
   */
  slot(sequence: number): Batch {
    return this.#slots[sequence & (this.#slots.length - 1)]!;
  }

  /**
   * Waits for a free slot; `true` at once when there is one. `false`: closed, aborted or out of time. Who had to sleep
   * finds half of the ring free: to be woken for every slot would cost the consumer more than the slot.
   */
  waitForRoom(options?: RingWaitOptions): boolean | Promise<boolean> {
    if (!this.closed && this.pending < this.#slots.length) return true;
    return this.waitUntilPending(this.#slots.length >>> 1, options);
  }

  /** Waits until no more than this many slots wait to be consumed. `false`: closed, aborted or out of time. */
  waitUntilPending(most: number, options?: RingWaitOptions): boolean | Promise<boolean> {
    this.#level = most;
    if (this.#space.spin(this.#atLevel)) return !this.closed;
    return this.#space.wait(this.#atLevel, options, most).then((done) => done && !this.closed);
  }

  /** Changes what a {@linkcode waitUntilPending} that is under way waits for. */
  changeWait(most: number): void {
    this.#level = most;
    this.#space.relevel(this.#atLevel, most);
  }

  /** Says that nothing more will be published, and wakes both sides. What was published can still be consumed. */
  close(): void {
    this.#claimed = undefined;
    Atomics.store(this.#words, RING_WORDS.producerEnded, 1);
    this.#data.wakeAll();
    this.#space.wakeAll();
  }
}
