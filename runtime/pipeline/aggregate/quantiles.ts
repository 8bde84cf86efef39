/** Quantiles in bounded memory: DDSketch for any numbers, HDR histogram for whole ones. @module */
import * as hdr from "hdr-histogram-js";
import { type Accumulator, numberOf } from "./accumulator.ts";
import { Extreme, Mean, Variance } from "./numeric.ts";

/** Quantiles reported when none are named. */
export const usualQuantiles: readonly string[] = ["0.5", "0.9", "0.95", "0.99", "0.999", "0.9999", "0.99999"];

/** What `hdr` and `dds` give. */
export interface Distribution {
  /** Numbers seen. */
  readonly count: number;
  /** Least number. */
  readonly min: number;
  /** Greatest number. */
  readonly max: number;
  /** Arithmetic mean. */
  readonly mean: number;
  /** Standard deviation of the sample; 0 for a single number. */
  readonly stdev: number;
  /** Variance of the sample; 0 for a single number. */
  readonly var: number;
  /** Value of each quantile asked for. */
  readonly percentiles: Readonly<Record<string, number>>;
}

/** Most buckets a sketch keeps on each side of zero; beyond, the smallest are merged. */
const MOST_BUCKETS = 4096;

/** Buckets whose bounds grow by a constant factor: every quantile is within `accuracy` of the true value, relatively. */
class DdSketch {
  #positive = new Map<number, number>();
  #negative = new Map<number, number>();
  #zero = 0;
  #count = 0;
  readonly #gamma: number;
  readonly #logGamma: number;

  /** @param accuracy relative, between 0 and 1 */
  constructor(accuracy: number) {
    this.#gamma = (1 + accuracy) / (1 - accuracy);
    this.#logGamma = Math.log(this.#gamma);
  }

  /** Numbers seen. */
  get count(): number {
    return this.#count;
  }

  /** Takes a finite number. */
  add(number: number): void {
    this.#count++;
    // Nearer to zero than any normal double: its logarithm would make a bucket for noise.
    if (Math.abs(number) < 1e-300) this.#zero++;
    else increment(number > 0 ? this.#positive : this.#negative, this.#index(Math.abs(number)), 1);
  }

  #index(magnitude: number): number {
    return Math.ceil(Math.log(magnitude) / this.#logGamma);
  }

  /** Adds the counts of another sketch of the same accuracy. */
  merge(other: DdSketch): void {
    this.#count += other.#count;
    this.#zero += other.#zero;
    for (const [index, count] of other.#positive) increment(this.#positive, index, count);
    for (const [index, count] of other.#negative) increment(this.#negative, index, count);
  }

  /** The value below which that part of the numbers lies. */
  quantile(quantile: number): number {
    let rank = Math.min(this.#count - 1, Math.floor(quantile * (this.#count - 1) + 0.5));
    for (const [index, count] of [...this.#negative].sort(([left], [right]) => right - left)) {
      if ((rank -= count) < 0) return -this.#value(index);
    }
    if ((rank -= this.#zero) < 0) return 0;
    let at = 0;
    for (const [index, count] of [...this.#positive].sort(([left], [right]) => left - right)) {
      at = index;
      if ((rank -= count) < 0) break;
    }
    return this.#value(at);
  }

  /** The middle of a bucket, relatively. */
  #value(index: number): number {
    return 2 * Math.pow(this.#gamma, index) / (this.#gamma + 1);
  }

  /** Its counts. */
  snapshot(): unknown {
    return [this.#count, this.#zero, [...this.#positive], [...this.#negative]];
  }
  /** Takes counts over. */
  restore(state: unknown): void {
    const [count, zero, positive, negative] = state as [number, number, [number, number][], [number, number][]];
    this.#count = count;
    this.#zero = zero;
    this.#positive = new Map(positive);
    this.#negative = new Map(negative);
  }
}

function increment(buckets: Map<number, number>, index: number, by: number): void {
  buckets.set(index, (buckets.get(index) ?? 0) + by);
  if (buckets.size <= MOST_BUCKETS) return;
  const [least, next] = [...buckets.keys()].sort((left, right) => left - right) as [number, number];
  buckets.set(next, buckets.get(next)! + buckets.get(least)!);
  buckets.delete(least);
}

/** Count, extremes, moments and quantiles of a series. */
abstract class Summary implements Accumulator<Summary> {
  readonly #min = new Extreme(-1);
  readonly #max = new Extreme(1);
  readonly #mean = new Mean();
  readonly #variance = new Variance(false);
  readonly #quantiles: readonly string[];
  #count = 0;

  constructor(quantiles: readonly string[]) {
    this.#quantiles = quantiles;
  }

  protected abstract record(number: number): void;
  protected abstract mergeCounts(other: Summary): void;
  protected abstract quantile(quantile: number): number;
  protected abstract counts(): unknown;
  protected abstract restoreCounts(state: unknown): void;

  add(value: unknown): void {
    const number = numberOf(value);
    if (number === undefined || !Number.isFinite(number)) return;
    this.#count++;
    for (const part of this.#parts) part.add(number);
    this.record(number);
  }

  get #parts(): readonly [Extreme, Extreme, Mean, Variance] {
    return [this.#min, this.#max, this.#mean, this.#variance];
  }

  merge(other: Summary): void {
    this.#count += other.#count;
    this.#min.merge(other.#min);
    this.#max.merge(other.#max);
    this.#mean.merge(other.#mean);
    this.#variance.merge(other.#variance);
    this.mergeCounts(other);
  }

  result(): Distribution | undefined {
    if (this.#count === 0) return undefined;
    const [min, max] = [this.#min.result()!, this.#max.result()!];
    const variance = this.#variance.result() ?? 0;
    return {
      count: this.#count,
      min,
      max,
      mean: this.#mean.result()!,
      stdev: Math.sqrt(variance),
      var: variance,
      percentiles: Object.fromEntries(
        this.#quantiles.map((name) => [name, Math.min(max, Math.max(min, this.quantile(Number(name))))]),
      ),
    };
  }

  snapshot(): unknown {
    return [this.#count, this.#parts.map((part) => part.snapshot()), this.counts()];
  }
  restore(state: unknown): void {
    const [count, parts, counts] = state as [number, unknown[], unknown];
    this.#count = count;
    for (const [index, part] of this.#parts.entries()) part.restore(parts[index]);
    this.restoreCounts(counts);
  }
}

/** A distribution by {@linkcode DdSketch}. */
export class DdsSummary extends Summary {
  readonly #sketch: DdSketch;

  /** Quantiles as texts such as `"0.99"`. */
  constructor(quantiles: readonly string[], accuracy: number) {
    super(quantiles);
    this.#sketch = new DdSketch(accuracy);
  }
  protected record(number: number): void {
    this.#sketch.add(number);
  }
  protected mergeCounts(other: Summary): void {
    this.#sketch.merge((other as DdsSummary).#sketch);
  }
  protected quantile(quantile: number): number {
    return this.#sketch.quantile(quantile);
  }
  protected counts(): unknown {
    return this.#sketch.snapshot();
  }
  protected restoreCounts(state: unknown): void {
    this.#sketch.restore(state);
  }
}

/** A distribution by HDR histogram: whole numbers from 0; what is below counts as 0, fractions are cut off. */
export class HdrSummary extends Summary {
  #histogram: hdr.Histogram;
  readonly #digits: 1 | 2 | 3 | 4 | 5;

  /** @param digits significant decimal digits, 1 to 5 */
  constructor(quantiles: readonly string[], digits: 1 | 2 | 3 | 4 | 5) {
    super(quantiles);
    this.#digits = digits;
    this.#histogram = this.#make();
  }
  #make(): hdr.Histogram {
    return hdr.build({ bitBucketSize: 64, autoResize: true, numberOfSignificantValueDigits: this.#digits });
  }
  protected record(number: number): void {
    this.#histogram.recordValue(Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.trunc(number))));
  }
  protected mergeCounts(other: Summary): void {
    this.#histogram.add((other as HdrSummary).#histogram);
  }
  protected quantile(quantile: number): number {
    return this.#histogram.getValueAtPercentile(quantile * 100);
  }
  protected counts(): unknown {
    return hdr.encodeIntoCompressedBase64(this.#histogram);
  }
  protected restoreCounts(state: unknown): void {
    this.#histogram = this.#make();
    this.#histogram.add(hdr.decodeFromCompressedBase64(state as string, 64));
  }
}

/** One quantile, as a number; nothing without numbers. */
export class Quantile implements Accumulator<Quantile> {
  readonly #summary: DdsSummary;
  readonly #name: string;

  /** @param quantile 0 to 1 */
  constructor(quantile: number, accuracy: number) {
    this.#name = String(quantile);
    this.#summary = new DdsSummary([this.#name], accuracy);
  }
  add(value: unknown): void {
    this.#summary.add(value);
  }
  merge(other: Quantile): void {
    this.#summary.merge(other.#summary);
  }
  result(): number | undefined {
    return this.#summary.result()?.percentiles[this.#name];
  }
  snapshot(): unknown {
    return this.#summary.snapshot();
  }
  restore(state: unknown): void {
    this.#summary.restore(state);
  }
}
