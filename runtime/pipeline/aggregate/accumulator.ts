/** What every aggregate is made of. @module */
import type { Snapshot } from "../operator.ts";

/** Gathers values; two that gathered parts of a series are merged into one of the whole. */
export interface Accumulator<Self = unknown> {
  /** Takes one value; `undefined` where the expression gave nothing. */
  add(value: unknown): void;
  /** Takes over what another one of the same aggregate gathered after this one. */
  merge(other: Self): void;
  /** The result so far; `undefined` when there is none. */
  result(): unknown;
  /** Its state. */
  snapshot(): Snapshot;
  /** Takes a state that {@linkcode Accumulator.snapshot} gave. */
  restore(state: Snapshot): void;
}

/** Makes empty accumulators of one kind. */
export type MakeAccumulator = () => Accumulator;

/** One aggregate, as expressions name it. */
export interface AggregateKind {
  /** How it is written, for messages. */
  readonly form: string;
  /** Fewest operands that are expressions. */
  readonly least: 0 | 1;
  /** Plain operands after the expression, at most. */
  readonly options: number;
  /** Checks the plain operands; says what they have to be when they are not, else makes accumulators. */
  readonly prepare: (options: readonly unknown[]) => MakeAccumulator | string;
}

/** The value as a number, or `undefined`: aggregates over numbers skip everything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : undefined;
}
