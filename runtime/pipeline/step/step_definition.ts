/** The steps of a pipeline beside filter, project, extract, count and select, as data. @module */
import type { Event } from "../../flow/delivery.ts";
import type { ExpressionInput, ProcessorDefinition } from "../../flow/flow_definition.ts";
import type { Operator } from "../operator.ts";
import type { Target } from "../select_definition.ts";
import type { KeyValueStore } from "../store/key_value_store.ts";
import type { MatchDefinition } from "./match_definition.ts";

/** Lets so many events of a class pass within a time, and the others to port `overflow`. */
export interface BucketDefinition {
  /** Name of the class, of the last 1,000 seen; events without one go to port `err`. */
  readonly class: ExpressionInput;
  /** How many of the class may pass within the time; events without go to port `err`. */
  readonly rate: ExpressionInput;
  /** What is counted apart within a class. @default {nothing} */
  readonly dimensions?: ExpressionInput;
  /** Most dimensions counted for each class; the one not seen for longest is forgotten. @default {1000} */
  readonly cardinality?: number;
  /** The time, milliseconds. @default {1000} */
  readonly timeRangeMs?: number;
  /** How finely the time is divided. @default {100} */
  readonly windows?: number;
}

/** Puts events into lists. */
export interface BatchDefinition {
  /** Most events in a list. */
  readonly count: number;
  /** Longest wait for a list to fill, milliseconds. @default {for ever} */
  readonly timeoutMs?: number;
}

/** Passes fewer events while what follows is slow or fails. */
export interface BackpressureDefinition {
  /** A verdict that takes longer is too slow, milliseconds. */
  readonly timeoutMs: number;
  /** How long nothing passes, longer each time in a row, milliseconds. @default {[50, 100, 250, 500, 1000, 5000, 10000]} */
  readonly steps?: readonly number[];
  /** `discard` sends what comes meanwhile to port `overflow`, `pause` takes no more from the source. @default {"discard"} */
  readonly method?: "discard" | "pause";
}

/** Passes a share of the events that follows how well what follows keeps up. */
export interface PercentileDefinition {
  /** A verdict that takes longer is too slow, milliseconds. */
  readonly timeoutMs: number;
  /** How much smaller the share gets with a slow or failed event. @default {0.05} */
  readonly stepDown?: number;
  /** How much larger the share gets with a good event. @default {0.001} */
  readonly stepUp?: number;
}

/** Passes a fixed share of the events. */
export interface SampleDefinition {
  /** Share that passes, 0 to 1. */
  readonly keep: number;
  /** Events of the same value pass together, or not. @default {each for itself} */
  readonly key?: ExpressionInput;
}

/** Passes the first of several equal events. */
export interface DedupeDefinition {
  /** What makes events equal. */
  readonly key: ExpressionInput;
  /** How long an event is remembered, milliseconds. @default {as long as there is room} */
  readonly withinMs?: number;
  /** Most keys remembered; the one not seen for longest is forgotten. @default {100000} */
  readonly maxKeys?: number;
}

/** Lets so many events pass within a time, and the others to port `overflow`. */
export interface ThrottleDefinition {
  /** How many. */
  readonly limit: number;
  /** The time, milliseconds. @default {1000} */
  readonly perMs?: number;
  /** What is counted apart. @default {nothing} */
  readonly key?: ExpressionInput;
  /** Most keys counted apart; the one not seen for longest is forgotten. @default {1000} */
  readonly maxKeys?: number;
}

/** A table in a file. A key that is there twice has what comes last. */
export interface TableFileDefinition {
  /** The file; a relative path starts at the host's folder. */
  readonly path: string;
  /**
   * `csv`: records of texts, the first one names the fields. `ndjson`: a record a line. `json`: a list of records, or a
   * record that is the table itself. @default {how the path ends}
   */
  readonly format?: "csv" | "json" | "ndjson";
  /** Field of the records that is the key; without one, the file is a JSON record. */
  readonly key?: string;
  /** Field of the records that is found under the key. @default {the whole record} */
  readonly value?: string;
  /** Fields of a CSV file that are numbers. */
  readonly numbers?: readonly string[];
  /** Most bytes of the file. @default {67108864} */
  readonly maxBytes?: number;
  /**
   * How often to look whether the file has changed, and to read it anew then, milliseconds. A file that cannot be read
   * then is reported, and the table stays as it was. @default {never}
   */
  readonly everyMs?: number;
}

/** Adds what a table knows about an event. */
export interface EnrichDefinition {
  /** What is looked up. */
  readonly key: ExpressionInput;
  /** The table itself. */
  readonly table?: Readonly<Record<string, unknown>>;
  /** Or a file that has it, read before the first event. */
  readonly file?: TableFileDefinition;
  /** Or a store: the path of a SQLite file, or in TypeScript the store. */
  readonly store?: string | KeyValueStore;
  /** Field that takes what was found. */
  readonly as: string;
  /** What becomes of an event the table does not know. @default {"pass"} */
  readonly missing?: "pass" | "drop" | "fail";
}

/** Keeps a value from event to event. */
export interface StateDefinition {
  /** Each value of it has a state of its own. @default {one state} */
  readonly key?: ExpressionInput;
  /** The state before the first event. @default {null} */
  readonly initial?: unknown;
  /** The next state, of the event and of `["state", …]`; where it is absent, the state stays as it was. */
  readonly update: Target;
  /** What is emitted, of the event and of the new `["state", …]`. @default {the event} */
  readonly target?: Target;
  /** Most keys; the state not used for longest is forgotten. @default {100000} */
  readonly maxKeys?: number;
}

/** One event for each item of a list. */
export interface EachDefinition {
  /** The list; an event without one gives none. */
  readonly of: ExpressionInput;
  /** Field that takes the item, in a copy of the event. @default {the item is the event} */
  readonly as?: string;
}

/** The steps of this file. Functions are for flows written in TypeScript. */
export type StepDefinition =
  | { readonly set: { readonly [field: string]: Target } }
  | { readonly match: MatchDefinition }
  | { readonly branch: { readonly [port: string]: ExpressionInput } }
  | { readonly each: EachDefinition }
  | { readonly bucket: BucketDefinition }
  | { readonly batch: BatchDefinition }
  | { readonly backpressure: BackpressureDefinition }
  | { readonly percentile: PercentileDefinition }
  | { readonly sample: SampleDefinition }
  | { readonly roundRobin: { readonly ports: readonly string[] } }
  | { readonly dedupe: DedupeDefinition }
  | { readonly throttle: ThrottleDefinition }
  | { readonly enrich: EnrichDefinition }
  | { readonly state: StateDefinition }
  | { readonly processor: ProcessorDefinition }
  | { readonly flatMap: (value: unknown, event: Event) => Iterable<unknown> }
  | { readonly operator: () => Operator };
