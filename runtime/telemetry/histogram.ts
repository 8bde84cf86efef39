/** How long events took, without keeping every value. @module */
import { build, type Histogram } from "hdr-histogram-js";

/** One hour in microseconds; a longer latency counts as this. */
const HIGHEST = 3_600_000_000;

/** A distribution of latencies, milliseconds. */
export interface LatencySummary {
  /** Events recorded. */
  readonly count: number;
  /** Mean. */
  readonly mean: number;
  /** Median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** 99.9th percentile. */
  readonly p999: number;
  /** Largest, at most an hour. */
  readonly max: number;
}

/**
 * A latency histogram with microsecond steps and three significant digits, from 1 µs to 1 hour in constant memory.
 *
 * @example Recording a batch
 * ```ts
 * import { LatencyHistogram } from "./histogram.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const latency = new LatencyHistogram();
 * latency.record(2, 1024);
 * assertEquals(latency.report().p99, 2);
 * ```
 */
export class LatencyHistogram {
  // Counts of 64 bits: with 32 a flow of a million events a second would overflow within an hour.
  #histogram: Histogram | undefined;
  // Kept beside it: it would go through all 22,000 counts for either, and whoever asks stops the flow meanwhile.
  #sum = 0;
  #max = 0;

  /**
   * Records the latency of a batch; once a batch, not once an event.
   *
   * @param latencyMs milliseconds; below zero, when a clock was set back, counts as zero
   * @param events events that took so long
   */
  record(latencyMs: number, events = 1): void {
    if (!(events > 0) || Number.isNaN(latencyMs)) return;
    const microseconds = Math.min(Math.max(Math.round(latencyMs * 1000), 0), HIGHEST);
    this.#histogram ??= create();
    this.#histogram.recordValueWithCount(microseconds, events);
    this.#sum += microseconds * events;
    this.#max = Math.max(this.#max, microseconds);
  }

  /** Adds everything another histogram recorded. */
  add(other: LatencyHistogram): void {
    if (other.#histogram === undefined) return;
    this.#histogram ??= create();
    this.#histogram.add(other.#histogram);
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Starts again from nothing. */
  reset(): void {
    this.#histogram?.reset();
    this.#sum = this.#max = 0;
  }

  /** The distribution so far; all zero when nothing was recorded. */
  report(): LatencySummary {
    const histogram = this.#histogram;
    if (histogram === undefined || histogram.totalCount === 0) {
      return { count: 0, mean: 0, p50: 0, p99: 0, p999: 0, max: 0 };
    }
    // The largest value that is counted where the percentile is, which may be more than any that came.
    const at = (percentile: number): number => Math.min(histogram.getValueAtPercentile(percentile), this.#max) / 1000;
    return {
      count: histogram.totalCount,
      mean: this.#sum / histogram.totalCount / 1000,
      p50: at(50),
      p99: at(99),
      p999: at(99.9),
      max: this.#max / 1000,
    };
  }
}

function create(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
    useWebAssembly: false,
  });
}
