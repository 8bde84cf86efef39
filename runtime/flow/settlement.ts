/** Who still holds a batch, and what became of its events. @module */

/** Failures of events, by index. */
export type Failures = ReadonlyMap<number, unknown>;

/**
 * Counts the holders of one source batch; when the last lets go, the source is told once.
 *
 * An event that any branch failed is failed; all others are acked, also those a filter dropped.
 */
export class Settlement {
  #holders = 1;
  #held = 0;
  #failures: Map<number, unknown> | undefined;
  #isOver = false;
  readonly #onSettled: ((failures: Failures) => void) | undefined;
  readonly #onFreed: (() => void) | undefined;

  /**
   * Starts with one holder: whoever filled the batch.
   *
   * @param onSettled told once, when every holder has released it and nobody waits for a verdict any longer
   * @param onFreed told at most once, before `onSettled`, when nobody reads the batch any longer though verdicts are
   * still open: its memory and its place among the batches in flight may be given back
   */
  constructor(onSettled?: (failures: Failures) => void, onFreed?: () => void) {
    this.#onSettled = onSettled;
    this.#onFreed = onFreed;
  }

  /** What `onSettled` is told; a source overrides it and saves itself the functions for each batch. */
  protected settled(failures: Failures): void {
    this.#onSettled?.(failures);
  }

  /** What `onFreed` is told. */
  protected freed(): void {
    this.#onFreed?.();
  }

  /** Adds holders, before the batch is handed to them. */
  retain(holders = 1): void {
    this.#holders += holders;
  }

  /** One holder is done. */
  release(): void {
    if (--this.#holders > 0) return;
    if (this.#held === 0) this.#settle();
    else if (!this.#isOver) this.freed();
  }

  /** Keeps the verdict open, but not the memory: for an operator that keeps what it made of an event, as a window does. */
  hold(): void {
    this.#held++;
  }

  /** Ends one {@linkcode Settlement.hold}. */
  letGo(): void {
    if (--this.#held === 0 && this.#holders === 0) this.#settle();
  }

  /**
   * Fails all events at once, without waiting for who still holds the batch: for a flow that ends before its time. What
   * holders say later is not heard.
   *
   * @param count number of events in the batch
   */
  abandon(count: number, reason: unknown): void {
    if (this.#isOver) return;
    for (let index = 0; index < count; index++) this.fail(index, reason);
    this.#settle();
  }

  #settle(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.settled(this.#failures ?? NONE);
  }

  /** Marks an event as not delivered; the first reason is kept. */
  fail(index: number, reason: unknown): void {
    this.#failures ??= new Map();
    if (!this.#failures.has(index)) this.#failures.set(index, reason);
  }
}

const NONE: Failures = new Map();
