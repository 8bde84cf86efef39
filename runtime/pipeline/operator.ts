/** One step of a pipeline, compiled. @module */
import type { Event } from "../flow/delivery.ts";

/** Hands an event to the next step; `false` when a later step dropped it. */
export type Emit = (event: Event) => boolean;

/** Takes an event and hands on zero or more; `false` says it was dropped on purpose. Throwing fails the event. */
export type Step = (event: Event, emit: Emit) => boolean;

/** A compiled operator; one instance belongs to one pipeline. */
export interface Operator {
  /** Its name, for errors and metrics. */
  readonly name: string;
  /** What it does with an event. */
  readonly step: Step;
  /** Hands on what it holds, when the flow drains. */
  readonly flush?: (emit: Emit) => void;
}
