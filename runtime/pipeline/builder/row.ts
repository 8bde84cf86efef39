/** Types of paths into a value, and of what is found there. @module */
import { field, type Term } from "../expression_builder.ts";

/** Depth to which paths are offered. */
export type Deeper = { 4: 3; 3: 2; 2: 1; 1: 0 };
/** Names of the fields of a value. */
export type Key<Value> = Extract<keyof Value, string>;
/** Values without fields. */
export type Plain = null | undefined | boolean | number | bigint | string | readonly unknown[] | Uint8Array;

/** Dotted paths into a value: `"level"`, `"user.name"`. */
export type PathOf<Value, Depth extends 0 | 1 | 2 | 3 | 4 = 4> = unknown extends Value ? string
  : Value extends Plain ? never
  : Depth extends keyof Deeper ? {
      [K in Key<Value>]: K | `${K}.${PathOf<NonNullable<Value[K]>, Deeper[Depth]>}`;
    }[Key<Value>]
  : never;

/** The type at the end of a path. */
export type At<Value, Path extends string> = unknown extends Value ? unknown
  : Path extends keyof Value ? Value[Path]
  : Path extends `${infer Head}.${infer Rest}`
    ? Head extends keyof Value ? undefined extends Value[Head] ? At<NonNullable<Value[Head]>, Rest> | undefined
      : At<NonNullable<Value[Head]>, Rest>
    : never
  : never;

/** Names a field of an event, checked against the type of the event. Without a path it is the whole event. */
export interface Row<Value> {
  /** The whole event. */
  (): Term<Value>;
  /** One field. */
  <Path extends PathOf<Value>>(path: Path): Term<At<Value, Path>>;
}

/** What a target may be written as. */
export type TargetInput =
  | Term
  | null
  | boolean
  | number
  | string
  | { readonly [field: string]: TargetInput };

/** The type of value a target makes. */
export type Made<Target> = Target extends Term<infer Value> ? Value
  : Target extends string ? string
  : Target extends number ? number
  : Target extends boolean ? boolean
  : Target extends null ? null
  : Target extends readonly unknown[] ? unknown
  : { -readonly [Field in keyof Target]: Made<Target[Field]> };

const row = ((path?: string) => field(path ?? [])) as Row<never>;

/** What was given, or what the function makes of the fields of the event. */
export function resolve<Result>(given: unknown, ...others: readonly unknown[]): Result {
  return (typeof given === "function" ? given(row, ...others) : given) as Result;
}
