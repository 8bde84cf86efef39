/** Aggregates, group and window as terms for the typed builder. @module */
import type { Expression } from "../../flow/flow_definition.ts";
import type { Distribution } from "../aggregate/quantiles.ts";
import { type Condition, type Operand, Term, when as choose } from "../expression_builder.ts";

/** A term that can be a number; of texts alone there is no sum. */
export type NumberTerm<Value> =
  & Term<Value>
  & (unknown extends Value ? unknown
    : [Extract<Value, number | bigint>] extends [never] ? "a term of numbers"
    : unknown);

function call<Value>(name: string, ...operands: readonly (Operand | readonly string[])[]): Term<Value> {
  const json = operands.map((operand): Expression =>
    operand instanceof Term ? operand.toJSON() : operand as Expression
  );
  return new Term<Value>([name, ...json]);
}

/** Number of events, or of values that are there. */
export function count(value?: Term): Term<number> {
  return value === undefined ? call("count") : call("count", value);
}
/** Sum of the numbers. */
export function sum<Value>(value: NumberTerm<Value> | number): Term<number> {
  return call("sum", value);
}
/** Arithmetic mean of the numbers. */
export function mean<Value>(value: NumberTerm<Value>): Term<number | undefined> {
  return call("mean", value);
}
/** Least number. */
export function min<Value>(value: NumberTerm<Value>): Term<number | undefined> {
  return call("min", value);
}
/** Greatest number. */
export function max<Value>(value: NumberTerm<Value>): Term<number | undefined> {
  return call("max", value);
}
/** Variance of the sample. */
export function variance<Value>(value: NumberTerm<Value>): Term<number | undefined> {
  return call("var", value);
}
/** Standard deviation of the sample. */
export function stdev<Value>(value: NumberTerm<Value>): Term<number | undefined> {
  return call("stdev", value);
}
/** First value. */
export function first<Value>(value: Term<Value>): Term<Value> {
  return call("first", value);
}
/** Last value. */
export function last<Value>(value: Term<Value>): Term<Value> {
  return call("last", value);
}
/** All values; coarser tilt frames make one flat list of them. */
export function collect<Value>(value: Term<Value>): Term<Value[]> {
  return call("collect", value);
}
/** All values; coarser tilt frames make a list of lists of them. */
export function collectNested(value: Term): Term<unknown[]> {
  return call("collect_nested", value);
}
/** Different values, in the order they first came. @param most how many are kept, 10000 when not given */
export function unique<Value>(value: Term<Value>, most?: number): Term<Value[]> {
  return most === undefined ? call("unique", value) : call("unique", value, most);
}
/** How many different values, approximately. @param precision 4 to 16, 12 when not given: 1.6 % standard error */
export function distinct(value: Term, precision?: number): Term<number> {
  return precision === undefined ? call("distinct", value) : call("distinct", value, precision);
}
/** The value below which that part of the numbers lies, within 1 %. @param quantile 0 to 1 */
export function quantile<Value>(value: NumberTerm<Value>, quantile: number): Term<number | undefined> {
  return call("quantile", value, quantile);
}
/** Count, extremes, moments and quantiles of any numbers, by DDSketch. */
export function dds<Value>(value: NumberTerm<Value>, quantiles?: readonly string[]): Term<Distribution | undefined> {
  return quantiles === undefined ? call("dds", value) : call("dds", value, quantiles);
}
/** Count, extremes, moments and quantiles of whole numbers, by HDR histogram. */
export function hdr<Value>(value: NumberTerm<Value>, quantiles?: readonly string[]): Term<Distribution | undefined> {
  return quantiles === undefined ? call("hdr", value) : call("hdr", value, quantiles);
}

/** Values of the group and their JSON text; with an index, that one value. */
export function group(index?: number): Term {
  return index === undefined ? call("group") : call("group", index);
}
/** How many groups the window holds. */
export function cardinality(): Term<number> {
  return call("cardinality");
}
/** What is known of the window: name, start and end in milliseconds, count of events, revision. */
export function windowFact(fact: "start" | "end" | "count" | "revision"): Term<number>;
/** Its name. */
export function windowFact(fact: "name"): Term<string>;
export function windowFact(fact: string): Term {
  return call("window", fact);
}
/** The state of a `state` step, or a part of it. */
export function stateTerm<Value = unknown>(...path: readonly (string | number)[]): Term<Value> {
  return call("state", ...path);
}
/** What a pattern of a `match` step captured under a name, or a part of it. */
export function captured<Value = unknown>(name: string, ...path: readonly (string | number)[]): Term<Value> {
  return call("captured", name, ...path);
}

/** One value or another, with its type. */
export function either<Value>(condition: Condition, then: Term<Value>, otherwise: Term<Value>): Term<Value> {
  return new Term<Value>(choose(condition, then, otherwise).toJSON());
}
