/** Writes expressions as calls: `field("level").eq("error")`. @module */
import type { Expression } from "../flow/flow_definition.ts";

/** What may stand as an operand: another term, or a plain value; a list means the list itself. */
export type Operand =
  | Term
  | null
  | boolean
  | number
  | string
  | readonly (null | boolean | number | string)[];

/** What a value of a type may be compared with: the same plain values, or another term. */
export type Comparable<Value> = unknown extends Value ? Operand : Term | null | Extract<Value, Operand>;

/** What the items of a list may be in which a value of a type is looked for. */
export type ItemsOf<Value> = Exclude<Comparable<Value>, Term | readonly unknown[]>;

/** The type of the value of an operand. */
export type ValueOf<Given> = Given extends Term<infer Value> ? Value
  : Given extends string ? string
  : Given extends number ? number
  : Given extends boolean ? boolean
  : Given extends readonly (infer Item)[] ? ValueOf<Item>[]
  : Given;

/** The value when it is there, or one of the others. */
export type OrElse<Value, Others> = unknown extends Value ? unknown : Exclude<Value, null | undefined> | Others;

/** A part of a text is a text, a part of a list a list. */
export type SliceOf<Value> = unknown extends Value ? unknown : Value extends string ? string : Value;

function jsonOf(operand: Operand): Expression {
  if (operand instanceof Term) return operand.toJSON();
  return Array.isArray(operand) ? ["literal", operand] : operand as Expression;
}

function call(name: string, ...operands: readonly Operand[]): Expression {
  return [name, ...operands.map(jsonOf)];
}

/** Something with a value of type `Value`; immutable. */
export class Term<out Value = unknown> {
  /** For the type checker only; there is no such property. */
  declare readonly "~value": Value;
  readonly #json: Expression;

  /** Wraps an expression in its JSON form. */
  constructor(json: Expression) {
    this.#json = json;
  }

  /** The expression as a flow in JSON has it. */
  toJSON(): Expression {
    return this.#json;
  }

  /** The same value of the same type. */
  eq<Own>(this: Term<Own>, other: Comparable<NoInfer<Own>>): Condition {
    return new Condition(call("==", this, other));
  }
  /** Not {@linkcode Term.eq}. */
  ne<Own>(this: Term<Own>, other: Comparable<NoInfer<Own>>): Condition {
    return new Condition(call("!=", this, other));
  }
  /** Less than; numbers or texts. */
  lt<Own>(this: Term<Own>, other: Comparable<NoInfer<Own>>): Condition {
    return new Condition(call("<", this, other));
  }
  /** Less than or equal; numbers or texts. */
  le<Own>(this: Term<Own>, other: Comparable<NoInfer<Own>>): Condition {
    return new Condition(call("<=", this, other));
  }
  /** Greater than; numbers or texts. */
  gt<Own>(this: Term<Own>, other: Comparable<NoInfer<Own>>): Condition {
    return new Condition(call(">", this, other));
  }
  /** Greater than or equal; numbers or texts. */
  ge<Own>(this: Term<Own>, other: Comparable<NoInfer<Own>>): Condition {
    return new Condition(call(">=", this, other));
  }
  /** Whether a list has it as an item. */
  in<Own>(this: Term<Own>, list: Term | readonly ItemsOf<NoInfer<Own>>[]): Condition {
    return new Condition(call("in", this, list));
  }
  /** Whether the text has the other as a part, or the list as an item. */
  contains(part: Operand): Condition {
    return new Condition(call("contains", this, part));
  }
  /** Whether the text starts with the other. */
  startsWith(prefix: Operand): Condition {
    return new Condition(call("starts_with", this, prefix));
  }
  /** Whether the text ends with the other. */
  endsWith(suffix: Operand): Condition {
    return new Condition(call("ends_with", this, suffix));
  }
  /** Whether a regular expression matches; of its flags, those that keep state are not allowed. */
  matches(pattern: RegExp): Condition {
    return new Condition(
      call("matches", this, pattern.source, pattern.flags),
    );
  }
  /** Whether there is a value, `null` included. */
  present(): Condition {
    return new Condition(call("present", this));
  }

  /** Sum of two numbers. */
  plus(other: Operand): Term<number> {
    return new Term(call("+", this, other));
  }
  /** Difference of two numbers. */
  minus(other: Operand): Term<number> {
    return new Term(call("-", this, other));
  }
  /** Product of two numbers. */
  times(other: Operand): Term<number> {
    return new Term(call("*", this, other));
  }
  /** Quotient of two numbers; nothing when divided by zero. */
  dividedBy(other: Operand): Term<number | undefined> {
    return new Term(call("/", this, other));
  }
  /** Remainder of a division, with the sign of the dividend. */
  modulo(other: Operand): Term<number | undefined> {
    return new Term(call("%", this, other));
  }

  /** The text in lower case. */
  lower(): Term<string> {
    return new Term(call("lower", this));
  }
  /** The text in upper case. */
  upper(): Term<string> {
    return new Term(call("upper", this));
  }
  /** UTF-16 units of a text, or items of a list. */
  length(): Term<number> {
    return new Term(call("length", this));
  }
  /** A part of a text or list, from `start` to before `end`; negative numbers count from its end. */
  slice<Own>(this: Term<Own>, start: Operand, end?: Operand): Term<SliceOf<Own>> {
    return new Term(end === undefined ? call("slice", this, start) : call("slice", this, start, end));
  }
  /** As a number; nothing when it is none. */
  asNumber(): Term<number | undefined> {
    return new Term(call("number", this));
  }
  /** As text; objects and lists as JSON. */
  asText(): Term<string | undefined> {
    return new Term(call("string", this));
  }
  /** This value, or when absent or null the first other one that is not. */
  orElse<Own, const Others extends readonly Operand[]>(
    this: Term<Own>,
    ...others: Others
  ): Term<OrElse<Own, ValueOf<Others[number]>>> {
    return new Term(call("coalesce", this, ...others));
  }
}

/** A term that is true or false. */
export class Condition extends Term<boolean> {
  /** Whether this and all others hold. */
  and(...others: readonly Condition[]): Condition {
    return new Condition(call("and", this, ...others));
  }
  /** Whether this or one of the others holds. */
  or(...others: readonly Condition[]): Condition {
    return new Condition(call("or", this, ...others));
  }
  /** Whether this does not hold. */
  not(): Condition {
    return new Condition(call("not", this));
  }
}

/**
 * A field of the event's value.
 *
 * @param path dotted, such as `user.name`; a list of names and indexes where a name has dots; `[]` is the whole value
 *
 * @example A condition
 * ```ts
 * import { field } from "./expression_builder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(field("status").ge(500).toJSON(), [">=", ["field", "status"], 500]);
 * ```
 */
export function field(path: string | readonly (string | number)[]): Term {
  return new Term(["field", path]);
}

/** A value as it is, also a list. */
export function literal<const Value extends Exclude<Operand, Term>>(value: Value): Term<ValueOf<Value>> {
  return new Term(["literal", value]);
}

/** A value when a condition holds, else nothing. */
export function when<const Then extends Operand>(condition: Condition, then: Then): Term<ValueOf<Then> | undefined>;
/** One value or another, depending on a condition. */
export function when<const Then extends Operand, const Otherwise extends Operand>(
  condition: Condition,
  then: Then,
  otherwise: Otherwise,
): Term<ValueOf<Then> | ValueOf<Otherwise>>;
export function when(condition: Condition, then: Operand, otherwise?: Operand): Term {
  return new Term(
    otherwise === undefined ? call("if", condition, then) : call("if", condition, then, otherwise),
  );
}

/** All operands as one text; what is absent or null is left out. */
export function concat(...operands: readonly Operand[]): Term<string> {
  return new Term(call("concat", ...operands));
}
