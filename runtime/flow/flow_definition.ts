/** What a flow is, as types: the same for a JSON file and for a TypeScript module. @module */
import type { SelectDefinition } from "../pipeline/select_definition.ts";
import type { StepDefinition } from "../pipeline/step/step_definition.ts";
import type { BreakerDefinition } from "../connector/breaker.ts";
import type { Supervision } from "../manifest/supervision.ts";
import type { Event } from "./delivery.ts";

/** A component by name, with its configuration. */
export interface NamedConfig {
  /** Name of the component. */
  readonly name: string;
  /** Its configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A codec, preprocessor or postprocessor: its name, or its name with a configuration. */
export type Named = string | NamedConfig;

/** How a connector is tried again. */
export interface Reconnect {
  /** First wait, milliseconds. */
  readonly intervalMs: number;
  /** Factor the wait grows by. @default {1.5} */
  readonly growth?: number;
  /** Longest wait, milliseconds. @default {no limit} */
  readonly maxIntervalMs?: number;
  /** Wait a random time between `wait` and `wait * growth` each time. @default {false} */
  readonly randomized?: boolean;
  /** Most attempts after the first. @default {endless} */
  readonly maxRetries?: number;
}

/** One connector of a flow; its links decide whether it reads, writes or both. */
export interface ConnectorDefinition {
  /** Component, `name` or `plugin:name`. */
  readonly type: string;
  /** Configuration, checked against the component's schema. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** How bytes become values. @default {the component's own, else "json"} */
  readonly codec?: Named;
  /** Cut what a source reads, in order. */
  readonly preprocessors?: readonly Named[];
  /** Frame what a sink writes, in order. */
  readonly postprocessors?: readonly Named[];
  /** Most events a batch of a source holds, 1 to 65,536. @default {1024} */
  readonly batchEvents?: number;
  /** Payload bytes a batch of a source holds. @default {1048576} */
  readonly batchBytes?: number;
  /**
   * What to do when connecting fails, or a connection is lost. `none`: a flow that cannot connect does not start, and
   * a connection that is lost later is tried once more after a second. @default {"none"}
   */
  readonly reconnect?: Reconnect | "none";
  /** When a sink that only fails is left alone for a while; its events wait meanwhile. @default {never} */
  readonly breaker?: BreakerDefinition;
  /** How its process is watched, where it has one of its own. */
  readonly supervision?: Supervision;
}

/** One processor from a plugin. */
export interface ProcessorDefinition {
  /** How its process is watched, where it has one of its own. */
  readonly supervision?: Supervision;
  /** Component, `name` or `plugin:name`. */
  readonly type: string;
  /** Configuration, checked against the component's schema. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A predicate or projection as data; see `runtime/pipeline/expression.ts`. */
export type Expression =
  | null
  | boolean
  | number
  | string
  | readonly Expression[];

/** An expression, or what `field("level").eq("error")` makes of it. */
export type ExpressionInput = Expression | { toJSON(): Expression };

/** Named groups of a regular expression become fields. */
export interface ExtractDefinition {
  /** Regular expression with named groups; the whole event must match where it is anchored. */
  readonly pattern: string;
  /** Flags of the expression. @default {"u"} */
  readonly flags?: string;
  /** Text to read. @default {the event's value} */
  readonly from?: ExpressionInput;
  /** Groups that are numbers. */
  readonly numbers?: readonly string[];
}

/** Counts events by key. */
export interface CountDefinition {
  /** Fields of the result and what they are grouped by. */
  readonly by: Readonly<Record<string, ExpressionInput>>;
  /** Field of the result that holds the count. @default {"count"} */
  readonly as?: string;
  /** Most groups held; further ones are counted under `null` keys. @default {10000} */
  readonly maxGroups?: number;
  /**
   * Most memory of the keys of those groups, bytes; a key counts 64, and 4 for each character. Beyond it as beyond
   * `maxGroups`. @default {16 MiB, or 256 for each of `maxGroups` where that is more}
   */
  readonly maxKeyBytes?: number;
  /** Emit whenever this many events were counted; absent: when the flow drains. */
  readonly everyEvents?: number;
}

/** One step of a pipeline. Functions are for flows written in TypeScript. */
export type OperatorDefinition =
  | {
    readonly filter: ExpressionInput | ((event: Event) => boolean);
  }
  | {
    readonly project:
      | Readonly<Record<string, ExpressionInput>>
      | ((event: Event) => unknown);
  }
  | { readonly extract: ExtractDefinition }
  | { readonly count: CountDefinition }
  | { readonly select: SelectDefinition }
  | StepDefinition;

/** Steps in order; ports `in`, `out`, `err`, and those the steps emit to. */
export type PipelineList = readonly OperatorDefinition[] | {
  readonly operators: readonly OperatorDefinition[];
};

/** Lists of steps and the links between them. */
export interface PipelineGraph {
  /** Lists of steps by name. */
  readonly nodes: Readonly<Record<string, readonly OperatorDefinition[]>>;
  /**
   * From `in`, or from a node as `node` or `node/port`, to nodes or to ports of the pipeline: `out`, `err`, one that the
   * flow links, or one of `ports`.
   */
  readonly links: readonly LinkDefinition[];
  /** Ports that are meant, whether the flow links them or not. @default {those that the flow links} */
  readonly ports?: readonly string[];
}

/** A pipeline: steps in order, or a graph of such lists. */
export type PipelineDefinition = PipelineList | PipelineGraph;

/** From one port to others, as `node` or `node/port`. */
export interface LinkDefinition {
  /** Where events come from; the port is `out` when none is named. */
  readonly from: string;
  /** Where they go; the port is `in` when none is named. */
  readonly to: string | readonly string[];
}

/** What a link does with events that were not delivered. */
export interface RetryDefinition {
  /** Deliveries in all before an event is given up, 1 to 1,000. @default {10} */
  readonly attempts?: number;
  /** Wait before the second delivery, milliseconds; it doubles each time. @default {100} */
  readonly intervalMs?: number;
  /** Longest wait, milliseconds. @default {30000} */
  readonly maxIntervalMs?: number;
}

/** Makes a link durable: its events are on disk before their source is told that they arrived. */
export interface BufferDefinition {
  /** SQLite file; a relative path starts at the host's folder. One buffer, one file. */
  readonly path: string;
  /** Bytes after which the sender has to wait, at least 65,536. @default {268435456} */
  readonly maxBytes?: number;
  /** Entries of at most 1,024 events under way at once, 1 to 64; as many may arrive twice when the process dies. @default {4} */
  readonly inFlight?: number;
  /** How events lie in the file; events in it already are stored as they are. @default {"json"} */
  readonly codec?: Named;
  /** `full` survives the loss of power, `normal` only the death of the process. @default {"full"} */
  readonly sync?: "full" | "normal";
  /** What is done with events that were not delivered. */
  readonly retry?: RetryDefinition;
}

/** A link of a flow. */
export interface FlowLinkDefinition extends LinkDefinition {
  /** Makes it durable; such a link has one target. @default {events wait in memory only} */
  readonly buffer?: BufferDefinition;
  /** How often an event is tried before it is given up; a buffered link has its own `retry`. @default {once} */
  readonly retry?: RetryDefinition;
  /** Connector that takes what is given up, as {@linkcode DeadLetter}. @default {that of the flow} */
  readonly deadLetter?: string;
}

/** Where windows and other states of a flow survive its process. */
export interface DurableState {
  /** SQLite file; made when it is not there. */
  readonly path: string;
  /**
   * How often the state is committed, milliseconds; events are acked then. Less often where writing it takes more than a
   * tenth of the time. @default {1000}
   */
  readonly everyMs?: number;
}

/** Connectors, processors, pipelines and links, deployed and stopped as one. */
export interface FlowDefinition {
  /** Name of the flow, `[a-z][a-z0-9_-]*`. */
  readonly name: string;
  /** What it is for. */
  readonly description?: string;
  /** Connectors by name. */
  readonly connectors: Readonly<Record<string, ConnectorDefinition>>;
  /** Processors by name. */
  readonly processors?: Readonly<Record<string, ProcessorDefinition>>;
  /** Pipelines by name. */
  readonly pipelines?: Readonly<Record<string, PipelineDefinition>>;
  /** Links between ports. */
  readonly links: readonly FlowLinkDefinition[];
  /** Dead-letter connector of every link that leaves a source and of every buffered link. @default {what is given up fails} */
  readonly deadLetter?: string;
  /**
   * Makes the state of every pipeline with windows or other state survive. Each of them is fed by one source and nothing else, which
   * gives the same events in the same order each time it is read, as a file does.
   */
  readonly state?: DurableState;
}
