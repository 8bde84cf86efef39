/** The typed builder of pipelines. @module */
import type { Event } from "../../flow/delivery.ts";
import type { CountDefinition, OperatorDefinition, PipelineDefinition } from "../../flow/flow_definition.ts";
import { type Condition, Term } from "../expression_builder.ts";
import { invalid } from "../invalid.ts";
import type { Operator } from "../operator.ts";
import type { GroupBy, Target, WindowDefinition } from "../select_definition.ts";
import type { MatchDefinition } from "../step/match_definition.ts";
import type {
  BackpressureDefinition,
  BatchDefinition,
  BucketDefinition,
  PercentileDefinition,
  TableFileDefinition,
} from "../step/step_definition.ts";
import type { KeyValueStore } from "../store/key_value_store.ts";
import { stateTerm } from "./aggregate_terms.ts";
import { checked, type Shape, type StandardSchema } from "./event_shape.ts";
import type { Counted, Extracted, GroupOf } from "./extracted.ts";
import { Grouped, type KeysOf } from "./grouped.ts";
import { layOut } from "./lay_out.ts";
import { MatchCases } from "./match_cases.ts";
import { type Made, resolve, type Row, type TargetInput } from "./row.ts";

/** A condition: data, or a function that makes it from the fields of the event. */
export type ConditionOf<Value> = Condition | ((event: Row<Value>) => Condition);
/** A term: data, or a function that makes it from the fields of the event. */
export type TermOf<Value> = Term | ((event: Row<Value>) => Term);

/** A window: data, or a function that makes it from the fields of the event, such as the one that says the time. */
export type WindowOf<Value> = WindowDefinition | ((event: Row<Value>) => WindowDefinition);

/** A stream of any type. */
export interface AnyStream {
  /** Where it comes from. */
  readonly origin: Origin;
}

/** Where a stream comes from. */
export interface Origin {
  /** Streams that feed it; none for the port `in`. */
  readonly from: readonly { readonly stream: AnyStream; readonly port: string }[];
  /** What is done to their events. */
  readonly step?: OperatorDefinition;
}

/** What a `match` gives at `out`, and at the ports its cases name. */
export type Matched<Out, Ports> = {
  /** What goes to a port that a case names. */
  port<Port extends keyof Ports & string>(port: Port): Stream<Ports[Port]>;
} & Stream<Out>;

/** Events on their way through a pipeline, of one type. Immutable: each step gives another stream. */
export class Stream<Value> implements AnyStream {
  /** For the type checker only; there is no such property. */
  declare readonly "~events": Value;
  readonly #origin: Origin;

  /** Use {@linkcode pipeline}. */
  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Where it comes from. */
  get origin(): Origin {
    return this.#origin;
  }

  /** Adds a step as data; the types of what comes out are whoever writes it to vouch for. */
  step<Next = Value>(step: OperatorDefinition): Stream<Next> {
    return new Stream({ from: [{ stream: this, port: "out" }], step });
  }

  /** Only events for which the condition holds. */
  where(condition: ConditionOf<Value>): Stream<Value> {
    return this.step({ filter: resolve<Condition>(condition) });
  }

  /** Only events for which the condition holds; after `select`, about the new values. */
  having(condition: ConditionOf<Value>): Stream<Value> {
    return this.where(condition);
  }

  /** A new value of each event. */
  select<const Target extends TargetInput>(target: Target | ((event: Row<Value>) => Target)): Stream<Made<Target>> {
    return this.step(selectStep(resolve<TargetInput>(target)));
  }

  /** Groups events by a value, by several (`{ set: […] }`), or by each item of a list (`{ each: … }`). */
  groupBy<const Group extends GroupBy>(group: Group | ((event: Row<Value>) => Group)): Grouped<Value, KeysOf<Group>> {
    return new Grouped(this, { groupBy: resolve<GroupBy>(group) });
  }

  /** Gathers events in a window, or in tilt frames. */
  window(...windows: readonly [WindowOf<Value>, ...WindowOf<Value>[]]): Grouped<Value> {
    return new Grouped<Value>(this, {}).window(...windows);
  }

  /** Only events a function returns `true` for. */
  filter(holds: (value: Value, event: Event) => boolean): Stream<Value> {
    return this.step({ filter: (event) => holds(event.value as Value, event) });
  }

  /** A new value of each event; `undefined` drops it. */
  map<Next>(apply: (value: Value, event: Event) => Next): Stream<Exclude<Next, undefined>> {
    return this.step({ project: (event) => apply(event.value as Value, event) });
  }

  /** Any number of values of each event. */
  flatMap<Next>(apply: (value: Value, event: Event) => Iterable<Next>): Stream<Next> {
    return this.step({ flatMap: (value, event) => apply(value as Value, event) });
  }

  /** Fields added or replaced. */
  set<const Fields extends { readonly [field: string]: TargetInput }>(
    fields: Fields | ((event: Row<Value>) => Fields),
  ): Stream<Omit<Value, keyof Fields> & Made<Fields>> {
    return this.step({ set: resolve<Fields>(fields) as { readonly [field: string]: Target } });
  }

  /** Named groups of a regular expression become the event; one that does not match goes to `err`. */
  extract<const Pattern extends string, const Numbers extends GroupOf<Pattern> = never>(
    pattern: Pattern,
    options: { readonly flags?: string; readonly from?: TermOf<Value>; readonly numbers?: readonly Numbers[] } = {},
  ): Stream<Extracted<Pattern, Numbers>> {
    const { from, ...others } = options;
    return this.step({ extract: { pattern, ...others, ...(from === undefined ? {} : { from: resolve<Term>(from) }) } });
  }

  /** Counts events by key; for more than a count, group and select. */
  count<const By extends Readonly<Record<string, Term>>, const As extends string = "count">(
    by: By | ((event: Row<Value>) => By),
    options: Omit<CountDefinition, "by" | "as"> & { readonly as?: As } = {},
  ): Stream<Counted<By, As>> {
    return this.step({ count: { by: resolve<By>(by), ...options } });
  }

  /**
   * The first case that matches decides. Written with {@linkcode MatchCases}, patterns are checked against the type of
   * the events, and what comes out follows from the cases; of a `match` as data whoever writes it says the type.
   */
  match<Out = unknown, Ports = unknown>(
    cases: MatchDefinition | ((on: MatchCases<Value>) => MatchCases<Value, Out, Ports>),
  ): Matched<Out, Ports> {
    return this.step({ match: typeof cases === "function" ? cases(new MatchCases()).toDefinition() : cases });
  }

  /** One event for each item of a list. */
  each<Item>(list: Term<readonly Item[]> | ((event: Row<Value>) => Term<readonly Item[]>)): Stream<Item> {
    return this.step({ each: { of: resolve<Term>(list) } });
  }

  /**
   * Streams by the first condition that holds; `rest` is what none holds for.
   *
   * @throws {CaissonError} `CAISSON_FLOW_INVALID` for a condition named `out` or `rest`, where the others go
   */
  branch<const Conditions extends { readonly [port: string]: ConditionOf<Value> }>(
    conditions: Conditions & { readonly out?: never; readonly rest?: never },
  ): { readonly [Port in keyof Conditions]: Stream<Value> } & { readonly rest: Stream<Value> } {
    const entries = Object.entries<ConditionOf<Value>>(conditions).map(([port, condition]) =>
      [port, resolve<Condition>(condition)] as const
    );
    for (const [port] of entries) {
      if (port === "out" || port === "rest") throw invalid("branch", JSON.stringify(port), "another name");
    }
    const routed = this.step({ branch: Object.fromEntries(entries) });
    const streams = Object.fromEntries(entries.map(([port]) => [port, routed.port(port)]));
    return { ...streams, rest: routed } as never;
  }

  /** What the last step emits to a port beside `out`, such as `late` or `overflow`. */
  port<Next = Value>(port: string): Stream<Next> {
    return new Stream({ from: [{ stream: this, port }] });
  }

  /** A rate limit for each class. */
  bucket(definition: BucketDefinition): Stream<Value> {
    return this.step({ bucket: definition });
  }
  /** Lists of events. */
  batch(definition: BatchDefinition): Stream<Value[]> {
    return this.step({ batch: definition });
  }
  /** Fewer events while what follows is slow or fails. */
  backpressure(definition: BackpressureDefinition): Stream<Value> {
    return this.step({ backpressure: definition });
  }
  /** A share of the events that follows how well what follows keeps up. */
  percentile(definition: PercentileDefinition): Stream<Value> {
    return this.step({ percentile: definition });
  }
  /** A fixed share of the events. @param keep 0 to 1 */
  sample(keep: number, key?: TermOf<Value>): Stream<Value> {
    return this.step({ sample: key === undefined ? { keep } : { keep, key: resolve<Term>(key) } });
  }
  /** The first of several equal events. */
  dedupe(key: TermOf<Value>, options: { readonly withinMs?: number; readonly maxKeys?: number } = {}): Stream<Value> {
    return this.step({ dedupe: { key: resolve<Term>(key), ...options } });
  }
  /** At most so many events within a time. */
  throttle(
    limit: number,
    options: { readonly perMs?: number; readonly key?: TermOf<Value>; readonly maxKeys?: number } = {},
  ): Stream<Value> {
    const { key, ...others } = options;
    return this.step({
      throttle: { limit, ...others, ...(key === undefined ? {} : { key: resolve<Term>(key) }) },
    });
  }
  /** What a table, file or store knows under a key, in a field of its own. */
  enrich<const Field extends string, Found = unknown>(
    as: Field,
    key: TermOf<Value>,
    from:
      | { readonly table: Readonly<Record<string, Found>> }
      | { readonly file: TableFileDefinition }
      | { readonly store: string | KeyValueStore },
    missing: "pass" | "drop" | "fail" = "pass",
  ): Stream<Value & { readonly [Key in Field]?: Found }> {
    return this.step({ enrich: { key: resolve<Term>(key), as, missing, ...from } });
  }
  /** A value kept from event to event, of the type of `initial`. */
  state<const Target extends TargetInput, State = unknown>(
    definition: {
      readonly key?: TermOf<Value>;
      readonly initial?: State;
      readonly update: TargetInput | ((event: Row<Value>, state: Row<State>) => TargetInput);
      readonly target: Target | ((event: Row<Value>, state: Row<State>) => Target);
      readonly maxKeys?: number;
    },
  ): Stream<Made<Target>> {
    const { key, update, target, ...others } = definition;
    const state = (path?: string): Term => path === undefined ? stateTerm() : stateTerm(...path.split("."));
    return this.step({
      state: {
        ...others,
        ...(key === undefined ? {} : { key: resolve<Term>(key) }),
        update: resolve<TargetInput>(update, state) as Target & string,
        target: resolve<TargetInput>(target, state) as Target & string,
      },
    });
  }
  /** Each event to the next of these ports. */
  roundRobin<const Port extends string>(...ports: readonly Port[]): { readonly [Name in Port]: Stream<Value> } {
    const routed = this.step({ roundRobin: { ports } });
    return Object.fromEntries(ports.map((port) => [port, routed.port(port)])) as { [Name in Port]: Stream<Value> };
  }
  /** An operator of the program's own. */
  operator<Next = Value>(make: () => Operator): Stream<Next> {
    return this.step({ operator: make });
  }
  /** A processor of a plugin, under whatever isolation its grant says. */
  use<Next = Value>(type: string, config?: Readonly<Record<string, unknown>>): Stream<Next> {
    return this.step({ processor: config === undefined ? { type } : { type, config } });
  }

  /** These events and those of other streams. */
  merge<Other>(...others: readonly Stream<Other>[]): Stream<Value | Other> {
    return new Stream({ from: [this, ...others].map((stream) => ({ stream, port: "out" })) });
  }

  /** The pipeline that gives these events at `out`. */
  build(): PipelineDefinition {
    return ports({ out: this });
  }
}

/** A projection where it is one, because that may run on raw bytes. */
function selectStep(target: TargetInput): OperatorDefinition {
  const isFlat = typeof target === "object" && target !== null && !(target instanceof Term) &&
    Object.values(target).every((part) => part instanceof Term || typeof part !== "object" || part === null);
  return isFlat ? { project: target as Readonly<Record<string, Term>> } : { select: { target } };
}

/**
 * Starts a pipeline: what comes in at the port `in`.
 *
 * @param name for errors of the check of events
 * @param options `in` is the type of the events: a Standard Schema that checks each one, or {@linkcode shape}
 *
 * @example Errors by host
 * ```ts
 * import { count, pipeline, shape } from "@caisson/runtime";
 *
 * const main = pipeline("main", { in: shape<{ level: string; host: string }>() })
 *   .where((event) => event("level").eq("error"))
 *   .groupBy((event) => event("host"))
 *   .window({ tumbling: { intervalMs: 60_000 } })
 *   .select((_, group) => ({ host: group(0), errors: count() }))
 *   .build();
 * ```
 */
export function pipeline<Value = unknown>(
  name: string,
  options: { readonly in?: Shape<Value> | StandardSchema<Value> } = {},
): Stream<Value> {
  const start = new Stream<Value>({ from: [] });
  const schema = options.in;
  return schema !== undefined && "~standard" in schema
    ? start.map((value) => checked(schema, value, name)) as Stream<Value>
    : start;
}

/**
 * A pipeline with several ports.
 *
 * @param streams what each port gives
 */
export function ports(streams: Readonly<Record<string, AnyStream>>): PipelineDefinition {
  return layOut(streams);
}
