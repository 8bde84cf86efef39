/** The cases of a `match` in the typed builder. @module */
import type { ExpressionInput } from "../../flow/flow_definition.ts";
import type { Condition } from "../expression_builder.ts";
import type { Target } from "../select_definition.ts";
import type { ExtractorDefinition, MatchCase, MatchDefinition, Pattern } from "../step/match_definition.ts";
import { type Made, type Plain, resolve, type Row, type TargetInput } from "./row.ts";

/** Plain values a type has. */
export type PlainOf<Value> = Extract<Value, boolean | number | string>;

/** What {@linkcode Pattern} says with `$`, for values of a type. */
export interface SpecialPattern<Value> {
  /** What type the value has. */
  readonly $type?: "text" | "number" | "integer" | "boolean" | "record" | "list" | "null" | "any";
  /** There is no such field. */
  readonly $absent?: true;
  /** One of these plain values. */
  readonly $in?: readonly (PlainOf<Value> | null)[];
  /** One of these patterns. */
  readonly $any?: readonly PatternOf<Value>[];
  /** Each of these patterns. */
  readonly $all?: readonly PatternOf<Value>[];
  /** Not this one. */
  readonly $not?: PatternOf<Value>;
  /** A list in which each of these matches some item. */
  readonly $list?: readonly PatternOf<ItemOf<Value>>[];
  /** A list of exactly these. */
  readonly $items?: readonly PatternOf<ItemOf<Value>>[];
  /** An expression of the value that is `true`. */
  readonly $is?: ExpressionInput;
  /** A text that this takes apart. */
  readonly $extract?: ExtractorDefinition;
  /** The name under which the value, or what was extracted, is `captured`. */
  readonly $as?: string;
}

/** What the items of a list are. */
export type ItemOf<Value> = Value extends readonly (infer Item)[] ? Item : never;

/** Patterns of the fields a record has. */
export type FieldPatterns<Value> = Value extends Plain ? never
  : { readonly [Name in keyof Value]?: PatternOf<Exclude<Value[Name], undefined>> };

/** A {@linkcode Pattern} of values of a type: it names only fields and plain values that there are. */
export type PatternOf<Value> = unknown extends Value ? Pattern
  : null | PlainOf<Value> | FieldPatterns<Value> | SpecialPattern<Value>;

/** What a case makes of a value; without anything, the value itself. */
export type MadeByCase<Value, Then> = [Then] extends [undefined] ? Value : Made<Then>;

/** The new value of a case; it may use `captured`. */
export type ThenOf<Value, Then> = Then | ((event: Row<Value>) => Then);

/** Beside a pattern. */
export interface CaseOptions<Value> {
  /** And this condition holds; it may use `captured`. */
  readonly when?: Condition | ((event: Row<Value>) => Condition);
}

/**
 * Cases tried in order; the first that matches decides. Immutable.
 *
 * `Out` is what comes out at `out`, `Ports` what goes to other ports.
 */
export class MatchCases<Value, Out = never, Ports = unknown> {
  /** For the type checker only; there is no such property. */
  declare readonly "~made": { readonly out: Out; readonly ports: Ports };
  readonly #cases: readonly MatchCase[];
  readonly #otherwise: "fail" | "pass" | "drop";

  /** Use `match` of a stream. */
  constructor(cases: readonly MatchCase[] = [], otherwise: "fail" | "pass" | "drop" = "fail") {
    this.#cases = cases;
    this.#otherwise = otherwise;
  }

  /** Events that match go on, with a new value when there is one. */
  case<const Then extends TargetInput | undefined = undefined>(
    pattern: PatternOf<Value>,
    then?: ThenOf<Value, Then>,
    options: CaseOptions<Value> = {},
  ): MatchCases<Value, Out | MadeByCase<Value, Then>, Ports> {
    return this.#with(pattern, options, thenPart(then));
  }

  /** Events that match go to a port, with a new value when there is one. */
  to<const Port extends string, const Then extends TargetInput | undefined = undefined>(
    port: Port extends "out" ? never : Port,
    pattern: PatternOf<Value>,
    then?: ThenOf<Value, Then>,
    options: CaseOptions<Value> = {},
  ): MatchCases<Value, Out, Ports & { readonly [Name in Port]: MadeByCase<Value, Then> }> {
    return this.#with(pattern, options, { to: port, ...thenPart(then) });
  }

  /** Events that match are let go. */
  drop(pattern: PatternOf<Value>, options: CaseOptions<Value> = {}): MatchCases<Value, Out, Ports> {
    return this.#with(pattern, options, { drop: true });
  }

  /** What becomes of events no case matches. @default {"fail"} */
  otherwise<const Otherwise extends "fail" | "pass" | "drop">(
    otherwise: Otherwise,
  ): MatchCases<Value, Out | (Otherwise extends "pass" ? Value : never), Ports> {
    return new MatchCases(this.#cases, otherwise);
  }

  /** The `match` as a flow in JSON has it. */
  toDefinition(): MatchDefinition {
    return { cases: this.#cases, otherwise: this.#otherwise };
  }

  #with(
    pattern: unknown,
    { when }: CaseOptions<Value>,
    outcome: Omit<MatchCase, "case">,
  ): MatchCases<Value, never, never> {
    const condition = when === undefined ? {} : { when: resolve<Condition>(when) };
    return new MatchCases([...this.#cases, { case: pattern as Pattern, ...condition, ...outcome }], this.#otherwise);
  }
}

function thenPart(then: unknown): { readonly then?: Target } {
  return then === undefined ? {} : { then: resolve<Target>(then) };
}
