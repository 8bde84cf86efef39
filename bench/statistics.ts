/** Medians, percentiles and ratios of what was measured. @module */

/** The middle value; of an even number the mean of the two in the middle. `NaN` when there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below or at which `share` (0 to 1) of all values lie; `NaN` when there are none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/**
 * Median of the ratios of values measured in the same round: what disturbs the machine during a round disturbs both.
 * Rounds one of the two lacks do not count.
 */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  const ratios: number[] = [];
  for (let round = 0; round < Math.min(numerators.length, denominators.length); round++) {
    ratios.push(numerators[round]! / denominators[round]!);
  }
  return median(ratios);
}

/** Rounds to `digits` significant digits, so that reports do not pretend to more. */
export function significant(value: number, digits = 4): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}
