/** Every aggregate by its name in expressions. @module */
import type { AggregateKind, MakeAccumulator } from "./accumulator.ts";
import { Distinct } from "./distinct.ts";
import { Collect, Edge, Unique } from "./keeping.ts";
import { Count, Extreme, Mean, Sum, Variance } from "./numeric.ts";
import { DdsSummary, HdrSummary, Quantile, usualQuantiles } from "./quantiles.ts";

/** Values `unique` keeps when nothing is said. */
const UNIQUE_MOST = 10_000;

function plain(name: string, make: MakeAccumulator): AggregateKind {
  return { form: `["${name}", value]`, least: 1, options: 0, prepare: () => make };
}

function isQuantile(value: unknown): boolean {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && number >= 0 && number <= 1;
}

function quantilesOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return usualQuantiles;
  return Array.isArray(value) && value.length > 0 && value.every(isQuantile) ? value.map(String) : undefined;
}

function between(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

const kinds: Readonly<Record<string, AggregateKind>> = {
  count: { form: '["count"] or ["count", value]', least: 0, options: 0, prepare: () => () => new Count(false) },
  sum: plain("sum", () => new Sum()),
  mean: plain("mean", () => new Mean()),
  min: plain("min", () => new Extreme(-1)),
  max: plain("max", () => new Extreme(1)),
  var: plain("var", () => new Variance(false)),
  stdev: plain("stdev", () => new Variance(true)),
  first: plain("first", () => new Edge(false)),
  last: plain("last", () => new Edge(true)),
  collect: plain("collect", () => new Collect(false)),
  "collect_nested": plain("collect_nested", () => new Collect(true)),
  unique: {
    form: '["unique", value, most]',
    least: 1,
    options: 1,
    prepare: ([most = UNIQUE_MOST]) =>
      between(most, 1, 1e7) && Number.isInteger(most)
        ? () => new Unique(most)
        : "how many values are kept, 1 to 10000000",
  },
  distinct: {
    form: '["distinct", value, precision]',
    least: 1,
    options: 1,
    prepare: ([precision = 12]) =>
      between(precision, 4, 16) && Number.isInteger(precision)
        ? () => new Distinct(precision)
        : "a precision from 4 to 16",
  },
  quantile: {
    form: '["quantile", value, 0.99, accuracy]',
    least: 1,
    options: 2,
    prepare: ([quantile, accuracy = 0.01]) =>
      between(quantile, 0, 1) && between(accuracy, 0.0001, 0.5)
        ? () => new Quantile(quantile, accuracy)
        : "a quantile from 0 to 1, then a relative accuracy from 0.0001 to 0.5",
  },
  dds: {
    form: '["dds", value, ["0.5", "0.99"], accuracy]',
    least: 1,
    options: 2,
    prepare: ([names, accuracy = 0.01]) => {
      const quantiles = quantilesOf(names);
      return quantiles !== undefined && between(accuracy, 0.0001, 0.5)
        ? () => new DdsSummary(quantiles, accuracy)
        : 'a list of quantiles such as ["0.5", "0.99"], then a relative accuracy from 0.0001 to 0.5';
    },
  },
  hdr: {
    form: '["hdr", value, ["0.5", "0.99"], digits]',
    least: 1,
    options: 2,
    prepare: ([names, digits = 2]) => {
      const quantiles = quantilesOf(names);
      return quantiles !== undefined && between(digits, 1, 5) && Number.isInteger(digits)
        ? () => new HdrSummary(quantiles, digits as 1 | 2 | 3 | 4 | 5)
        : 'a list of quantiles such as ["0.5", "0.99"], then 1 to 5 significant digits';
    },
  },
};

/** Names of all aggregates. */
export const aggregateNames: readonly string[] = Object.keys(kinds);

/** The aggregate of that name. */
export function aggregateOf(name: unknown): AggregateKind | undefined {
  return typeof name === "string" && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/** Counts events: `["count"]` without a value. */
export const makeEventCount: MakeAccumulator = (): Count => new Count(true);
