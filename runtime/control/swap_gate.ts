/** Lets calls through, and holds them back while what they call is exchanged. @module */

/** Calls under way, and those that wait; they are made in the order they came. */
export class SwapGate {
  #closed = false;
  #open = 0;
  readonly #waiting: (() => void)[] = [];
  #empty: (() => void) | undefined;

  /** Makes the call now, or when the gate is open again. */
  pass<T>(call: () => T | Promise<T>): T | Promise<T> {
    if (!this.#closed) return this.#call(call);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#call(call));
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }

  #call<T>(call: () => T | Promise<T>): T | Promise<T> {
    const running = call();
    if (!(running instanceof Promise)) return running;
    this.#open++;
    return running.finally(() => {
      if (--this.#open === 0) this.#empty?.();
    });
  }

  /** Holds back what comes, and waits for what is under way; `false` when that took longer than `limitMs`. */
  async close(limitMs: number): Promise<boolean> {
    this.#closed = true;
    if (this.#open === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#empty = () => resolve(true);
    const timer = setTimeout(() => resolve(false), limitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#empty = undefined;
    }
  }

  /** Makes the calls that wait, then lets everything through. */
  open(): void {
    // Before it is open: what comes now must not overtake what waits.
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    this.#closed = false;
  }
}
