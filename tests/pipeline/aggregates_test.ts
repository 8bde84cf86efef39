/** Aggregates against exact arithmetic on fractions, merged in every way, through snapshots. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Accumulator } from "../../runtime/pipeline/aggregate/accumulator.ts";
import { aggregateNames, aggregateOf, makeEventCount } from "../../runtime/pipeline/aggregate/aggregates.ts";

/** Numbers that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    let mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}

function make(name: string, ...options: unknown[]): Accumulator {
  const prepared = aggregateOf(name)!.prepare(options);
  assert(typeof prepared !== "string", String(prepared));
  return prepared();
}

/** One accumulator over all, and one merged of parts, each part carried through a snapshot. */
function both(name: string, values: readonly unknown[], cuts: readonly number[], ...options: unknown[]): unknown[] {
  const whole = make(name, ...options);
  for (const value of values) whole.add(value);
  const merged = make(name, ...options);
  for (const [index, from] of cuts.entries()) {
    const part = make(name, ...options);
    for (const value of values.slice(from, cuts[index + 1])) part.add(value);
    const restored = make(name, ...options);
    restored.restore(structuredClone(part.snapshot()));
    merged.merge(restored);
  }
  return [whole.result(), merged.result()];
}

/** A double as a fraction with a power of two below: exact. */
const SCALE = 1n << 1074n;
function exact(number: number): bigint {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, number);
  const bits = bytes.getBigUint64(0);
  const exponent = Number(bits >> 52n & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0 ? fraction : (fraction | 1n << 52n) << BigInt(exponent - 1);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}
/** The nearest double of a fraction over 2^1074 * divisor, to 60 bits. */
function toNumber(value: bigint, divisor = 1n): number {
  const scaled = (value << 64n) / (SCALE * divisor);
  return Number(scaled) / 2 ** 64;
}

const series: Readonly<Record<string, (next: () => number) => number>> = {
  "between 0 and 1": (next) => next(),
  "around a billion": (next) => 1e9 + next(),
  "of very different size": (next) => (next() - 0.5) * 10 ** Math.floor(next() * 18),
};

for (const [name, draw] of Object.entries(series)) {
  Deno.test(`sum, mean, variance are exact to rounding, whole and merged: numbers ${name}`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const next = random(seed);
      const values = Array.from({ length: 200 }, () => draw(next));
      const cuts = [0, 13, 13, 100, 199];
      const total = values.reduce((sum, value) => sum + exact(value), 0n);
      const count = BigInt(values.length);
      const largest = Math.max(...values.map(Math.abs));
      for (const sum of both("sum", values, cuts)) {
        assertAlmostEquals(sum as number, toNumber(total), Math.abs(toNumber(total)) * 1e-15 + largest * 1e-17);
      }
      for (const mean of both("mean", values, cuts)) {
        assertAlmostEquals(
          mean as number,
          toNumber(total, count),
          Math.abs(toNumber(total, count)) * 1e-15 + largest * 1e-17,
        );
      }
      // n * Σx² − (Σx)², over n * (n − 1): all whole numbers.
      const squares = values.reduce((sum, value) => sum + exact(value) ** 2n, 0n);
      const variance = toNumber((count * squares - total * total) / SCALE, count * (count - 1n));
      for (const found of both("var", values, cuts)) assertAlmostEquals(found as number / variance, 1, 1e-6);
      for (const found of both("stdev", values, cuts)) {
        assertAlmostEquals(found as number / Math.sqrt(variance), 1, 1e-6);
      }
    }
  });
}

Deno.test("a sum keeps what plain addition loses", () => {
  assertEquals(both("sum", [1, 1e100, 1, -1e100], [0, 2]), [2, 2]);
  assertEquals(both("sum", new Array(10).fill(0.1), [0, 5]), [1, 1]);
});

Deno.test("a sum beyond the range of a double is infinite, not a number that is none", () => {
  assertEquals(both("sum", [1e308, 1e308, 1], [0, 1]), [Infinity, Infinity]);
});

Deno.test("merging gives what gathering in one go gives, for every aggregate", () => {
  const options: Record<string, unknown[]> = { quantile: [0.5] };
  const next = random(7);
  const values = Array.from({ length: 300 }, () => Math.floor(next() * 50));
  for (const name of aggregateNames) {
    if (name === "collect_nested") continue;
    const [whole, merged] = both(name, values, [0, 100, 150], ...options[name] ?? []) as unknown[];
    assertAlmostEqualsDeep(merged, whole, name);
  }
  assertEquals(both("collect_nested", [1, 2, 3], [0, 2]), [[1, 2, 3], [[1, 2], [3]]]);
  const count = makeEventCount();
  count.add(undefined);
  assertEquals(count.result(), 1);
});

function assertAlmostEqualsDeep(found: unknown, wanted: unknown, what: string): void {
  const round = (_: string, value: unknown) => typeof value === "number" ? Number(value.toPrecision(10)) : value;
  assertEquals(JSON.stringify(found, round), JSON.stringify(wanted, round), what);
}

Deno.test("distinct stays within four standard errors, from none to a hundred thousand", () => {
  for (const size of [0, 1, 10, 1000, 20_000, 100_000]) {
    const values = Array.from({ length: size }, (_, index) => `user-${index}`);
    const [whole, merged] = both("distinct", [...values, ...values.slice(0, 50)], [0, Math.floor(size / 3)]);
    assertEquals(merged, whole);
    assert(Math.abs(whole as number - size) <= Math.max(1, size * 4 * 1.04 / 64), `${whole} for ${size}`);
  }
});

Deno.test("quantiles are within their accuracy of the true value, also below zero", () => {
  const next = random(3);
  const values = Array.from({ length: 5000 }, () => (next() - 0.3) * 10 ** (next() * 6));
  const sorted = values.toSorted((left, right) => left - right);
  for (const quantile of [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1]) {
    const truth = sorted[Math.min(sorted.length - 1, Math.floor(quantile * (sorted.length - 1) + 0.5))]!;
    for (const found of both("quantile", values, [0, 1000, 4000], quantile)) {
      assert(Math.abs(found as number - truth) <= Math.abs(truth) * 0.0101, `${found} for ${truth} at ${quantile}`);
    }
  }
});

Deno.test("an HDR histogram tells count, extremes, moments and quantiles of whole numbers", () => {
  const values = Array.from({ length: 1000 }, (_, index) => index + 1);
  for (const found of both("hdr", values, [0, 500], ["0.5", "0.99"], 3)) {
    const { count, min, max, mean, stdev, var: variance, percentiles } = found as Record<string, number> & {
      percentiles: Record<string, number>;
    };
    assertEquals([count, min, max, mean], [1000, 1, 1000, 500.5]);
    // Of 1 to n: n (n + 1) / 12 among those that were seen.
    assertAlmostEquals(variance!, 1000 * 1001 / 12, 1e-6);
    assertAlmostEquals(stdev!, Math.sqrt(variance!), 1e-9);
    assertAlmostEquals(percentiles["0.5"]!, 500, 1);
    assertAlmostEquals(percentiles["0.99"]!, 990, 1);
  }
  assertEquals(make("hdr").result(), undefined);
});

Deno.test("an option that cannot be is refused with what it has to be", () => {
  for (const [name, ...options] of [["quantile", 2], ["distinct", 3], ["unique", 0], ["hdr", ["1.5"]], ["dds", "x"]]) {
    assertEquals(typeof aggregateOf(name)!.prepare(options as unknown[]), "string", String(name));
  }
});
