/** What a `select` step is, as data. @module */
import type { ExpressionInput } from "../flow/flow_definition.ts";

/** An expression, or a record of targets. In a window, expressions may use aggregates, `["group"]` and `["window", …]`. */
export type Target = ExpressionInput | { readonly [field: string]: Target };

/** How events are told apart: by a value, by several (`set`), once for each item of a list (`each`). */
export type GroupBy =
  | ExpressionInput
  | { readonly each: ExpressionInput }
  | { readonly set: readonly (ExpressionInput | { readonly each: ExpressionInput })[] };

/** Event time: when an event happened, by its own word. */
export interface EventTime {
  /** Milliseconds since 1970, or a date as text; an event without one fails. @default {when it entered the system} */
  readonly time?: ExpressionInput;
  /**
   * An event that claims a time so much later than it came in fails, as one without a time does: one wrong clock would
   * end the windows of all the others. Milliseconds. @default {any time is believed}
   */
  readonly maxAheadMs?: number;
  /** How far events come out of order: the watermark stays this far behind the latest. Milliseconds. @default {0} */
  readonly delayMs?: number;
  /** How long after its end a window still takes late events and says its result anew. Milliseconds. @default {0} */
  readonly latenessMs?: number;
  /** Without events for so long, open windows end as if time had passed. Milliseconds. @default {never} */
  readonly idleMs?: number;
}

/** Limits of a window. */
export interface WindowLimits {
  /** Name, for `["window", "name"]`. */
  readonly name?: string;
  /** Most groups held at once. @default {10000} */
  readonly maxGroups?: number;
  /**
   * Most memory of the keys of those groups, bytes; a key counts 64, and 4 for each character. Beyond it as beyond
   * `maxGroups`. @default {16 MiB, or 256 for each of `maxGroups` where that is more}
   */
  readonly maxKeyBytes?: number;
  /** Beyond: `drop` the event of a new group (to port `overflow`), or `evict` the oldest group early. @default {"drop"} */
  readonly onOverflow?: "drop" | "evict";
}

/** Limit of a window whose length is no number of events. */
export interface EventLimit {
  /**
   * A window that has so many events ends with the last of them; those after it are the next window, between the same
   * moments. @default {1000000 with `collect`, which keeps a value of each; else none}
   */
  readonly maxEvents?: number;
}

/** Every so many events; `maxEvents` beside `increment` only. */
export interface SizeWindow extends WindowLimits, EventLimit {
  /** How many. */
  readonly size: number;
  /** What one event counts. @default {1} */
  readonly increment?: ExpressionInput;
}

/** Every so long: from the first event on, or with `time`, aligned to the clock and ended by the watermark. */
export interface IntervalWindow extends WindowLimits, EventLimit, EventTime {
  /** How long. */
  readonly intervalMs: number;
}

/** Until an event says so. */
export interface StateWindow extends WindowLimits, EventLimit {
  /** Whether the window ends with this event. */
  readonly emit: ExpressionInput;
  /** Whether the event that ends it belongs to it. @default {true} */
  readonly include?: ExpressionInput;
}

/** The last `size` events, every so many. */
export interface SlidingSizeWindow extends WindowLimits {
  /** How many events. */
  readonly size: number;
  /** Every how many events; `size` is a multiple of it. @default {1} */
  readonly every?: number;
}

/** The last so many milliseconds, every so often; aligned to the clock, ended by the watermark. */
export interface SlidingTimeWindow extends WindowLimits, EventLimit, EventTime {
  /** How long. */
  readonly intervalMs: number;
  /** How often. */
  readonly everyMs: number;
}

/** As long as events follow each other closely. */
export interface SessionWindow extends WindowLimits, EventLimit, EventTime {
  /** A longer pause ends the session, milliseconds. */
  readonly gapMs: number;
}

/** When results come out. */
export type WindowDefinition =
  | { readonly tumbling: SizeWindow | IntervalWindow }
  | { readonly state: StateWindow }
  | { readonly sliding: SlidingSizeWindow | SlidingTimeWindow }
  | { readonly session: SessionWindow };

/** Filters, groups, aggregates over windows, makes a new value: in the order where, groupBy, window, target, having. */
export interface SelectDefinition {
  /** Only events for which it is `true`. */
  readonly where?: ExpressionInput;
  /** How events are told apart. @default {not at all} */
  readonly groupBy?: GroupBy;
  /** When results come out; several tumbling ones are tilt frames, each fed by the results of the one before. */
  readonly window?: WindowDefinition | readonly WindowDefinition[];
  /** The new value. @default {the event's} */
  readonly target?: Target;
  /** Only new values for which it is `true`. */
  readonly having?: ExpressionInput;
  /** What becomes of open windows when the flow drains. @default {"emit"} */
  readonly atEnd?: "emit" | "drop";
}
