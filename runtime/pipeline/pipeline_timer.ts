/** The one timer of a pipeline: set to the earliest moment an operator has to act without an event. @module */
import type { Operator } from "./operator.ts";

/** Longest wait of a timer; longer ones are set again. */
const LONGEST_MS = 0x7fff_ffff;

/** Watches the operators of a pipeline that act without an event. */
export class PipelineTimer {
  readonly #operators: readonly Operator[];
  readonly #clock: () => number;
  readonly #due: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;
  #closed = false;

  /** Sets nothing yet. */
  constructor(operators: readonly Operator[], clock: () => number, due: () => void) {
    this.#operators = operators.filter((operator) => operator.nextTimer !== undefined);
    this.#clock = clock;
    this.#due = due;
  }

  /** Sets the timer to the earliest moment. */
  arm(): void {
    if (this.#closed) return;
    let earliest = Infinity;
    for (const operator of this.#operators) earliest = Math.min(earliest, operator.nextTimer!() ?? Infinity);
    if (earliest === this.#at) return;
    this.#clear();
    this.#at = earliest;
    if (earliest === Infinity) return;
    const wait = Math.min(Math.max(0, Math.ceil(earliest - this.#clock())), LONGEST_MS);
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.#timer = undefined;
      this.#due();
      this.arm();
    }, wait);
  }

  #clear(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = Infinity;
  }

  /** Sets no timer any longer. */
  close(): void {
    this.#closed = true;
    this.#clear();
  }
}
