/** When a plugin process that ended may be started again. @module */

/** How a process that ended is started again. */
export interface RestartOptions {
  /** Wait before the first restart, milliseconds; it doubles with each restart in `windowMs`. @default {100} */
  readonly firstMs?: number | undefined;
  /** Longest wait, milliseconds. @default {5000} */
  readonly maxMs?: number | undefined;
  /** Most restarts within `windowMs`; one more, and the instance stays failed. @default {10} */
  readonly max?: number | undefined;
  /** How long a restart counts, milliseconds. @default {60000} */
  readonly windowMs?: number | undefined;
}

/** Counts restarts. */
export class Restarts {
  readonly #options: Required<{ [Key in keyof RestartOptions]: number }>;
  #times: number[] = [];

  /** Counts none yet. */
  constructor({ firstMs = 100, maxMs = 5_000, max = 10, windowMs = 60_000 }: RestartOptions = {}) {
    this.#options = { firstMs, maxMs, max, windowMs };
  }

  /** Counts one more; how long to wait before it, or `undefined` when it must not be. `now` is in milliseconds. */
  next(now: number): number | undefined {
    const { firstMs, maxMs, max, windowMs } = this.#options;
    this.#times = this.#times.filter((time) => now - time < windowMs);
    if (this.#times.length >= max) return undefined;
    const wait = Math.min(maxMs, firstMs * 2 ** this.#times.length);
    this.#times.push(now);
    return wait;
  }
}
