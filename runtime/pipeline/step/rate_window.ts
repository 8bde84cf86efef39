/** Counts what passed within the last so many milliseconds. @module */

/** A sliding window in slots: what is older than the range no longer counts, exact to one slot. */
export class RateWindow {
  readonly #slots: Float64Array;
  readonly #slotMs: number;
  #sum = 0;
  #at = -Infinity;
  /** Events of a batch often came at the same time. */
  #now = NaN;
  /** The slot of {@linkcode #at}. */
  #slot = 0;

  /**
   * @param rangeMs how long something counts
   * @param slots how finely the range is divided
   */
  constructor(rangeMs: number, slots: number) {
    this.#slots = new Float64Array(slots);
    this.#slotMs = rangeMs / slots;
  }

  /** Counts one more, unless `limit` are reached within the range that ends now. */
  admit(now: number, limit: number): boolean {
    if (now !== this.#now) {
      this.#now = now;
      this.#advance(Math.floor(now / this.#slotMs));
    }
    if (this.#sum + 1 > limit) return false;
    this.#slots[this.#slot]!++;
    this.#sum++;
    return true;
  }

  /** A clock that was set back counts into the slot at hand. */
  #advance(to: number): void {
    if (to <= this.#at) return;
    const steps = Math.min(this.#slots.length, to - this.#at);
    for (let step = 0; step < steps; step++) {
      const slot = modulo(to - step, this.#slots.length);
      this.#sum -= this.#slots[slot]!;
      this.#slots[slot] = 0;
    }
    this.#at = to;
    this.#slot = modulo(to, this.#slots.length);
  }

  /** Its state. */
  snapshot(): unknown {
    return [this.#at, this.#sum, this.#slots.slice()];
  }

  /** Takes a state over; one with other slots is of another configuration and counts for nothing. */
  restore(state: unknown): void {
    const [at, sum, slots] = state as [number, number, Float64Array];
    if (slots.length !== this.#slots.length) return;
    this.#at = at;
    this.#now = NaN;
    this.#slot = at === -Infinity ? 0 : modulo(at, slots.length);
    this.#sum = sum;
    this.#slots.set(slots);
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
