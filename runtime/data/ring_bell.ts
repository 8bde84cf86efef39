/** How one side of a ring waits for the other, and how it is woken. @module */

/** What a wait on a ring takes. */
export interface RingWaitOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Ends the wait, milliseconds. @default {Infinity} */
  readonly timeoutMs?: number;
}

/**
 * Wakes and sleeps where both sides of a ring are not in one process: there, `Atomics.notify` of one reaches no
 * `Atomics.waitAsync` of the other. One waker serves all rings between two processes; whom it wakes looks again.
 */
export interface RingWaker {
  /** Wakes whoever sleeps on the other side. Never blocks. */
  wakeOther(): void;
  /** Wakes whoever sleeps on this side. */
  wakeHere(): void;
  /** Resolves at the next wake, or after this time at the latest. A wake that was sent before the call may be missed. */
  sleep(milliseconds: number): Promise<void>;
}

/** Longest sleep without looking again across processes, milliseconds: what a lost wake costs. */
const SLEEP_MAX_MS = 1000;
const SPINS_MIN = 8;
const SPINS_MAX = 2048;
/** A sleep shorter than this would have been better spent spinning: most of it was the wake-up. */
const SHORT_WAIT_MS = 0.2;
/** Waits that ended at once before a timer is put between two of them. */
const EARLY_MAX = 4;

/**
 * A doorbell of two words. The sleeper stores into `armed`, looks again, then waits for `posted` to change. The other
 * side publishes, and only when it finds `armed` above its level, clears it, changes `posted` and wakes: no wake-up is
 * sent to a side that is busy. Both sides only read each other's words as hints, so wrong values cost a wake-up, never
 * memory.
 *
 * What `armed` says beyond 0 is how much must happen first: 1 plus the highest level at which the sleeper wants to be
 * woken. A consumer's level is the batches still pending, so a producer that sleeps with 3 is woken once at most 2 are
 * left, and not for every slot: a wake-up costs the waker more than most batches.
 */
export class RingBell {
  readonly #words: Int32Array;
  readonly #posted: number;
  readonly #armed: number;
  readonly #waker: RingWaker | undefined;
  #spins = SPINS_MAX >> 2;

  /** A bell in `words`, at two indexes. Between threads of one process it needs no `waker`. */
  constructor(words: Int32Array, posted: number, armed: number, waker?: RingWaker) {
    this.#words = words;
    this.#posted = posted;
    this.#armed = armed;
    this.#waker = waker;
  }

  /** Wakes the sleeper, if there is one that waits for this level. Call it after publishing what it waits for. */
  ring(level = 0): void {
    if (Atomics.load(this.#words, this.#armed) > level) this.wake();
  }

  /** Wakes the sleeper without looking whether there is one. */
  wake(): void {
    Atomics.store(this.#words, this.#armed, 0);
    Atomics.add(this.#words, this.#posted, 1);
    if (this.#waker === undefined) Atomics.notify(this.#words, this.#posted);
    else this.#waker.wakeOther();
  }

  /** Changes the level of a sleeper on this side; wakes it when that is reached. Nobody need be asleep. */
  relevel(ready: () => boolean, level: number): void {
    if (Atomics.load(this.#words, this.#armed) === 0) return;
    // Stored first, looked then: what the other side does in between it does with the new level.
    Atomics.store(this.#words, this.#armed, level + 1);
    if (!ready()) return;
    if (this.#waker === undefined) this.wake();
    else this.#waker.wakeHere();
  }

  /** Wakes both sides; for ends, which concern everybody. */
  wakeAll(): void {
    this.wake();
    this.#waker?.wakeHere();
  }

  /**
   * Looks for a few microseconds whether `ready` becomes true; longer where waits were short lately, hardly at all
   * where they were long.
   */
  spin(ready: () => boolean): boolean {
    if (ready()) return true;
    for (let turn = this.#spins; turn > 0; turn--) {
      if (ready()) return true;
    }
    return false;
  }

  /**
   * Waits until `ready` is true; `false` when the signal or the time ended it. Blocks no thread and keeps no event loop
   * alive.
   *
   * @param level how far the other side has to come before it rings
   */
  async wait(
    ready: () => boolean,
    options: RingWaitOptions = {},
    level = 0,
  ): Promise<boolean> {
    const { signal, timeoutMs = Infinity } = options;
    const from = performance.now();
    const until = from + timeoutMs;
    const waker = this.#waker;
    const stop = () => waker === undefined ? this.wake() : waker.wakeHere();
    signal?.addEventListener("abort", stop);
    try {
      for (let early = 0;;) {
        const posted = Atomics.load(this.#words, this.#posted);
        Atomics.store(this.#words, this.#armed, level + 1);
        if (ready()) return true;
        const left = until - performance.now();
        if (signal?.aborted || left <= 0) return ready();
        if (waker !== undefined) {
          await waker.sleep(Math.min(left, SLEEP_MAX_MS));
          continue;
        }
        const sleep = Atomics.waitAsync(
          this.#words,
          this.#posted,
          posted,
          left,
        );
        if (sleep.async) {
          await sleep.value;
        } else if (++early > EARLY_MAX) {
          // Somebody keeps ringing for nothing: without a timer this loop would starve the event loop.
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    } finally {
      Atomics.store(this.#words, this.#armed, 0);
      this.#spins = performance.now() - from < SHORT_WAIT_MS
        ? Math.min(SPINS_MAX, this.#spins << 1)
        : Math.max(SPINS_MIN, this.#spins >> 1);
      signal?.removeEventListener("abort", stop);
    }
  }
}
