/** Counts events and says how many a second. @module */

/** What a {@linkcode Meter} counted. */
export interface MeterReading {
  /** Events read. */
  readonly in: number;
  /** Events delivered. */
  readonly out: number;
  /** Events dropped on purpose. */
  readonly dropped: number;
  /** Events failed. */
  readonly failed: number;
  /** Seconds since the meter was made. */
  readonly seconds: number;
  /** Events read a second since the meter was made. */
  readonly eventsPerSecond: number;
  /** Events read a second since the reading before. */
  readonly recentPerSecond: number;
  /** Resident memory of the process, bytes. */
  readonly residentBytes: number;
}

/** Four counters and a clock. */
export class Meter {
  /** Events read. */
  in = 0;
  /** Events delivered. */
  out = 0;
  /** Events dropped on purpose. */
  dropped = 0;
  /** Events failed. */
  failed = 0;
  readonly #now: () => number;
  readonly #start: number;
  #lastTime: number;
  #lastIn = 0;

  /** @param now a clock that never goes back, milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#start = this.#lastTime = now();
  }

  /** Reads all counters; the rate of late is measured from one reading to the next. */
  read(): MeterReading {
    const now = this.#now();
    const recentPerSecond = rate(this.in - this.#lastIn, now - this.#lastTime);
    this.#lastTime = now;
    this.#lastIn = this.in;
    return {
      in: this.in,
      out: this.out,
      dropped: this.dropped,
      failed: this.failed,
      seconds: (now - this.#start) / 1000,
      eventsPerSecond: rate(this.in, now - this.#start),
      recentPerSecond,
      residentBytes: Deno.memoryUsage().rss,
    };
  }
}

function rate(events: number, milliseconds: number): number {
  return milliseconds > 0 ? events * 1000 / milliseconds : 0;
}
