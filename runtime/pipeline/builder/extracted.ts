/** Types of what `extract` and `count` of the typed builder give. @module */
import type { Term } from "../expression_builder.ts";

/** Names of the named groups of a regular expression; any text where the expression is not known to the compiler. */
export type GroupOf<Pattern extends string> = string extends Pattern ? string
  : Pattern extends `${string}(?<${infer Tail}` ? Tail extends `=${string}` | `!${string}` ? GroupOf<Tail>
    : Tail extends `${infer Name}>${infer Rest}` ? Name | GroupOf<Rest>
    : never
  : never;

/** A field for each named group; `null` where a number should be and none is. */
export type Extracted<Pattern extends string, Numbers extends string> = {
  [Name in GroupOf<Pattern>]: Name extends Numbers ? number | null | undefined : string | undefined;
};

/** A field for each key, `null` where there is none or no room for its group, and the number of events. */
export type Counted<By, As extends string> =
  & { -readonly [Field in keyof By]: By[Field] extends Term<infer Value> ? Exclude<Value, undefined> | null : never }
  & { [Field in As]: number };
