/** Notices memory that only grows, long before a limit ends the process. @module */

const MIB = 1 << 20;
/** Samples that are kept, and how far apart: ten minutes. */
const SAMPLES = 60;
const APART_MS = 10_000;
/** Samples before anything is said: what starts up grows, too. */
const LEAST = 30;
/** How much of the growth a straight line has to explain. */
const STRAIGHT = 0.9;
/** A leak is news when its limit is nearer than this. */
const AHEAD_MS = 24 * 3600_000;
/** Growth over all samples that is noise still, bytes. */
const NOISE = 8 * MIB;

/** Watches one process; says so once. */
export class LeakTrend {
  readonly #limit: number;
  readonly #times: number[] = [];
  readonly #bytes: number[] = [];
  #told = false;

  /** `limit`: bytes at which the process is ended. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one sample; what to tell an operator, once. `now` is in milliseconds. */
  add(now: number, bytes: number): string | undefined {
    const times = this.#times;
    if (times.length > 0 && now - times.at(-1)! < APART_MS) return undefined;
    times.push(now);
    this.#bytes.push(bytes);
    if (times.length > SAMPLES) {
      times.shift();
      this.#bytes.shift();
    }
    if (this.#told || times.length < LEAST) return undefined;
    const { slope, straight } = line(times, this.#bytes);
    const grown = slope * (now - times[0]!);
    const leftMs = (this.#limit - bytes) / slope;
    if (straight < STRAIGHT || grown < NOISE || leftMs > AHEAD_MS) return undefined;
    this.#told = true;
    const minutes = Math.max(0, Math.round(leftMs / 60_000));
    return `its memory grows by ${(slope * 60_000 / MIB).toFixed(1)} MiB a minute, ${
      Math.round(bytes / MIB)
    } MiB now: ` +
      `it reaches its limit of ${Math.round(this.#limit / MIB)} MiB in about ${minutes} minutes`;
  }
}

/** The straight line through the samples: bytes a millisecond, and the share of the variance it explains. */
function line(times: readonly number[], values: readonly number[]): { slope: number; straight: number } {
  const count = times.length;
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / count;
  const middle = mean(times);
  const level = mean(values);
  let both = 0;
  let time = 0;
  let value = 0;
  for (let index = 0; index < count; index++) {
    const x = times[index]! - middle;
    const y = values[index]! - level;
    both += x * y;
    time += x * x;
    value += y * y;
  }
  if (time === 0 || value === 0) return { slope: 0, straight: 0 };
  return { slope: both / time, straight: both * both / (time * value) };
}
