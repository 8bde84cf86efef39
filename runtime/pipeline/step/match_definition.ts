/** What a `match` step is, as data. @module */
import type { ExpressionInput } from "../../flow/flow_definition.ts";
import type { Target } from "../select_definition.ts";

/** Takes a text apart. The first key is the kind, its value the pattern of that kind. */
export type ExtractorDefinition =
  | { readonly regex: string; readonly flags?: string }
  | { readonly grok: string }
  | { readonly dissect: string }
  | { readonly glob: string }
  | { readonly json: true }
  | { readonly kv: true | { readonly fields?: string; readonly values?: string } }
  | { readonly base64: true }
  | { readonly cidr: readonly string[] }
  | { readonly datetime: string }
  | { readonly influx: true };

/**
 * What a value has to look like. A plain value means the same value; a record means a record with at least these
 * fields; a record whose keys start with `$` says something else:
 *
 * - `$type`: `"text"`, `"number"`, `"integer"`, `"boolean"`, `"record"`, `"list"`, `"null"`, `"any"`
 * - `$absent: true`: there is no such field
 * - `$in`: one of these plain values
 * - `$any`: one of these patterns; `$all`: each of them; `$not`: not this one
 * - `$list`: a list in which each of these patterns matches some item; `$items`: a list of exactly these
 * - `$is`: an expression of the value that is `true`
 * - `$extract`: a text that an extractor takes apart
 * - `$as`: beside any of these, or alone: the name under which the value, or what was extracted, can be used as
 *   `["captured", name, …]`
 */
export type Pattern = null | boolean | number | string | { readonly [key: string]: unknown };

/** What happens to an event a pattern matches; without anything it passes as it is. */
export interface MatchCase {
  /** Pattern of the event's value. */
  readonly case: Pattern;
  /** And this condition holds; it may use `["captured", …]`. */
  readonly when?: ExpressionInput;
  /** The new value; it may use `["captured", …]`. @default {the event} */
  readonly then?: Target;
  /** Port it goes to. @default {"out"} */
  readonly to?: string;
  /** Let it go. */
  readonly drop?: true;
}

/** Cases tried in order; the first that matches decides. */
export interface MatchDefinition {
  /** The cases. */
  readonly cases: readonly MatchCase[];
  /** What becomes of an event no case matches. @default {"fail"} */
  readonly otherwise?: "fail" | "pass" | "drop";
}
