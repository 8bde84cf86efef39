/** Who still holds a batch, and what became of its events. @module */

/**
 * Counts the holders of one source batch; when the last lets go, the source is told once.
 *
 * An event that any branch failed is failed; all others are acked, also those a filter dropped.
 */
export class Settlement {
  #holders = 1;
  #failures: Map<number, unknown> | undefined;
  readonly #onSettled: (failures: ReadonlyMap<number, unknown>) => void;

  /** Starts with one holder: whoever filled the batch. */
  constructor(onSettled: (failures: ReadonlyMap<number, unknown>) => void) {
    this.#onSettled = onSettled;
  }

  /** Adds holders, before the batch is handed to them. */
  retain(holders = 1): void {
    this.#holders += holders;
  }

  /** One holder is done. */
  release(): void {
    if (--this.#holders === 0) this.#onSettled(this.#failures ?? NONE);
  }

  /** Marks an event as not delivered; the first reason is kept. */
  fail(index: number, reason: unknown): void {
    this.#failures ??= new Map();
    if (!this.#failures.has(index)) this.#failures.set(index, reason);
  }
}

const NONE: ReadonlyMap<number, unknown> = new Map();
