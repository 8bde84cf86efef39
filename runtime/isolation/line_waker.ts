/** Doorbells of the rings between two processes. @module */
import type { RingWaker } from "../data/ring_bell.ts";

/** Wakes by a line through a pipe, and sleeps until one comes. */
export class LineWaker implements RingWaker {
  readonly #sleepers = new Set<() => void>();
  readonly #ring: () => void;

  /** `ring` sends an empty line. */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Sends a line. */
  wakeOther(): void {
    this.#ring();
  }

  /** Ends every {@linkcode sleep} of this side. */
  wakeHere(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Resolves when a line comes. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#sleepers.add(wake);
    });
  }
}
