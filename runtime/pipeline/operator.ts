/** One step of a pipeline, compiled. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { Event } from "../flow/delivery.ts";
import type { KernelStep } from "./kernel_program.ts";
import type { Row, Rows } from "./kernel_rows.ts";

/** Hands an event to the next step; `false` when a later step dropped it. */
export type Emit = (event: Event) => boolean;

/** Takes an event and hands on zero or more; `false` says it was dropped on purpose. Throwing fails the event. */
export type Step = (event: Event, emit: Emit) => boolean;

/** What an operator says of its state: any value `structuredClone` takes. */
export type Snapshot = unknown;

/** What an operator says went wrong that belongs to no single event. */
export type Warn = (problem: { readonly found: string; readonly allowed: string; readonly action: string }) => void;

/**
 * A compiled operator; one instance belongs to one pipeline.
 *
 * An operator that keeps an event after {@linkcode Operator.step} has returned adds it to a `Held`, which keeps its
 * verdict open, and emits what it made through that. It must not keep the event itself: its bytes go back to the
 * source.
 */
export interface Operator {
  /** Its name, for errors and metrics. */
  readonly name: string;
  /** What it does with an event. */
  readonly step: Step;
  /** The same as data, for a step that is no more than expressions: the native kernel may do it instead. */
  readonly kernelStep?: KernelStep;
  /**
   * {@linkcode Operator.step} for an event of which the kernel has read what {@linkcode kernelStep} wants. `where` holds.
   * The event may be the same object each time, unless the step passes events on or a port of it is linked.
   */
  readonly stepRead?: (event: Event, row: Row, emit: Emit) => boolean;
  /**
   * Set where {@linkcode Operator.step} is done with the event object when it returns and gives it to nobody but `emit` and
   * its ports: the same object may then stand for the next event. Not where a function of the user's sees events.
   * `replaces`: what it gives `out` is always an event of its own. @default {each event needs an object of its own}
   */
  readonly cursor?: "passes" | "replaces";
  /**
   * {@linkcode Operator.stepRead} for rows `from` up to `to`, where the step passes no event on, or all that it passes on
   * leaves the pipeline: then it hands on `rows.cursor`, moved to the number of the row. It adds to `rows.dropped`
   * what it drops; where it throws, `rows.at` is the event that failed, and the ones behind it are still to come.
   */
  readonly stepRows?: (rows: Rows, from: number, to: number, emit: Emit) => void;
  /** Hands on what it holds, when the flow drains. */
  readonly flush?: (emit: Emit) => void;
  /** Ports beside `out` that it emits to. @default {none} */
  readonly ports?: readonly string[];
  /** Called once before the first event: how to emit to its {@linkcode Operator.ports}, and how to warn. */
  readonly bind?: (port: (name: string) => Emit, warn: Warn) => void;
  /** Whether somebody takes what it emits to a port; told before the first event. */
  readonly linked?: (port: string, linked: boolean) => void;
  /**
   * How to ask whether what a port leads to takes events now: not while a circuit breaker leaves it alone. Told before the
   * first event. An operator that has this sends each event to one of its {@linkcode Operator.ports}, whichever takes it.
   */
  readonly reach?: (takes: (port: string) => boolean) => void;
  /** When it next has to act without an event, milliseconds since 1970. @default {never} */
  readonly nextTimer?: () => number | undefined;
  /** The time {@linkcode Operator.nextTimer} named has come. */
  readonly onTimer?: (now: number, emit: Emit) => void;
  /** Until when it wants no further event, milliseconds since 1970. @default {it always does} */
  readonly pausedUntil?: () => number | undefined;
  /** Its state, to be given to {@linkcode Operator.restore} of an operator made of the same definition. */
  readonly snapshot?: () => Snapshot;
  /** Takes the state of a snapshot, before the first event. */
  readonly restore?: (state: Snapshot) => void;
  /**
   * Called and waited for before the pipeline takes its first event; what it throws keeps the flow from starting, or the
   * steps from being replaced. `tell` is for what goes wrong later and belongs to no event.
   */
  readonly open?: (tell: (error: CaissonError) => void) => Promise<void>;
  /** Lets go of what it has open. */
  readonly close?: () => void;
}
