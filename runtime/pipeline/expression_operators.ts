/** What each operator of an expression takes and does. @module */
import type { Expression } from "../flow/flow_definition.ts";
import { joinerOf, readerOf, sameMakerOf } from "./shaped_code.ts";
import { asNumber, asText, finite, isSame, order } from "./expression_values.ts";

/** Computes an expression for one value. */
export type Evaluate = (value: unknown) => unknown;

/** One operator. */
export interface ExpressionOperator {
  /** How it is written, for messages. */
  readonly form: string;
  /** Fewest operands. */
  readonly least: number;
  /** Most operands. */
  readonly most: number;
  /** Operands that are no expressions but plain values: all, or those from this index on. @default {none} */
  readonly plainFrom?: number;
  /** Says what a plain operand has to be, when it is something else. */
  readonly refuse?: (plain: unknown, index: number) => string | undefined;
  /** Makes the function; `operands` are the compiled expressions, `plain` is the operator's whole array. */
  readonly compile: (
    operands: readonly Evaluate[],
    plain: readonly Expression[],
  ) => Evaluate;
}

type Two = (left: unknown, right: unknown) => unknown;

function one(form: string, apply: (value: unknown) => unknown) {
  return operator(`["${form}", a]`, 1, 1, ([a]) => (value) => apply(a!(value)));
}

function two(form: string, apply: Two): ExpressionOperator {
  return operator(
    `["${form}", a, b]`,
    2,
    2,
    ([a, b]) => (value) => apply(a!(value), b!(value)),
  );
}

function operator(
  form: string,
  least: number,
  most: number,
  compile: ExpressionOperator["compile"],
): ExpressionOperator {
  return { form, least, most, compile };
}

/** Whether an operand is an expression, and not a plain value. */
function isList(written: Expression | undefined): boolean {
  return Array.isArray(written);
}

function equality(form: string, same: boolean): ExpressionOperator {
  const general = two(form, (left, right) => isSame(left, right) === same);
  return {
    ...general,
    compile: (operands, whole) => {
      const constant = whole[2];
      // Numbers may equal bigints, and lists others of their content.
      const isPlain = constant === null || typeof constant === "string" || typeof constant === "boolean";
      return isPlain ? sameMakerOf(operands[0]!, constant, same) : general.compile(operands, whole);
    },
  };
}

function arithmetic(
  form: string,
  apply: (left: number, right: number) => number,
): ExpressionOperator {
  return two(form, (left, right) => {
    const a = typeof left === "bigint" ? Number(left) : left;
    const b = typeof right === "bigint" ? Number(right) : right;
    return typeof a === "number" && typeof b === "number" ? finite(apply(a, b)) : undefined;
  });
}

function onText(form: string, apply: (text: string) => string) {
  return one(
    form,
    (value) => typeof value === "string" ? apply(value) : undefined,
  );
}

function onTexts(
  form: string,
  apply: (text: string, part: string) => boolean,
): ExpressionOperator {
  return two(
    form,
    (text, part) => typeof text === "string" && typeof part === "string" && apply(text, part),
  );
}

function isKey(value: unknown): boolean {
  return typeof value === "string" ||
    (Number.isInteger(value) && (value as number) >= 0);
}

/** Keys of a path: dotted text, or a list of names and indexes. */
function keysOf(path: Expression): string[] {
  return typeof path === "string" ? path.split(".") : (path as readonly Expression[]).map(String);
}

function refusePath(path: unknown): string | undefined {
  const valid = typeof path === "string"
    ? path.split(".").every((key) => key !== "")
    : Array.isArray(path) && path.every(isKey);
  return valid ? undefined : 'a path such as "user.name" or ["user", "name", 0]; [] is the whole value';
}

function compileField(path: Expression): Evaluate {
  const readers = keysOf(path).map(readerOf);
  const [first, second] = readers;
  switch (readers.length) {
    case 0:
      return (value) => value;
    case 1:
      return first!;
    case 2:
      return (value) => second!(first!(value));
    default:
      return (value) => {
        let at = value;
        for (const read of readers) at = read(at);
        return at;
      };
  }
}

/** Flags that keep no state between events. */
const matchFlags = /^[imsuv]*$/;

function refusePattern(plain: unknown, index: number): string | undefined {
  if (typeof plain !== "string") return "a text";
  if (index === 2) {
    return matchFlags.test(plain) ? undefined : "flags out of i, m, s, u, v";
  }
  return undefined;
}

/** A list written into the flow is looked up, one that the event brings is searched. */
function compileIn(
  [item, list]: readonly Evaluate[],
  [, , written]: readonly Expression[],
): Evaluate {
  const constant = Array.isArray(written) && written[0] === "literal" ? written[1] as readonly unknown[] : undefined;
  if (
    Array.isArray(constant) &&
    constant.every((each) => typeof each !== "object" || each === null)
  ) {
    const set = new Set<unknown>(constant);
    return (value) => {
      const searched = item!(value);
      return set.has(
        typeof searched === "bigint" ? Number(searched) : searched,
      );
    };
  }
  return (value) => has(list!(value), item!(value));
}

function has(list: unknown, item: unknown): boolean {
  return Array.isArray(list) && list.some((each) => isSame(each, item));
}

/** Conjunction, or its mirror image: a disjunction ends at the first operand that is `true`. */
function every(operands: readonly Evaluate[], wanted: boolean): Evaluate {
  return (value) => {
    for (const operand of operands) {
      if ((operand(value) === true) !== wanted) return !wanted;
    }
    return wanted;
  };
}

function lengthOf(value: unknown): number | undefined {
  return typeof value === "string" || Array.isArray(value) ? value.length : undefined;
}

const operators: Readonly<Record<string, ExpressionOperator>> = {
  field: {
    ...operator('["field", path]', 1, 1, (_, [, path]) => compileField(path!)),
    plainFrom: 0,
    refuse: refusePath,
  },
  literal: {
    ...operator('["literal", value]', 1, 1, (_, [, value]) => () => value),
    plainFrom: 0,
  },
  "==": equality("==", true),
  "!=": equality("!=", false),
  "<": two("<", (left, right) => order(left, right) === -1),
  "<=": two("<=", (left, right) => (order(left, right) ?? 1) <= 0),
  ">": two(">", (left, right) => order(left, right) === 1),
  ">=": two(">=", (left, right) => (order(left, right) ?? -1) >= 0),
  and: operator('["and", a, b, …]', 1, Infinity, (all) => every(all, true)),
  or: operator('["or", a, b, …]', 1, Infinity, (all) => every(all, false)),
  not: one("not", (value) => value !== true),
  in: operator('["in", item, list]', 2, 2, compileIn),
  contains: two(
    "contains",
    (container, part) =>
      typeof container === "string" ? typeof part === "string" && container.includes(part) : has(container, part),
  ),
  "starts_with": onTexts("starts_with", (text, part) => text.startsWith(part)),
  "ends_with": onTexts("ends_with", (text, part) => text.endsWith(part)),
  matches: {
    ...operator(
      '["matches", text, "pattern", "flags"]',
      2,
      3,
      ([text], [, , pattern, flags = "u"]) => {
        const compiled = new RegExp(pattern as string, flags as string);
        return (value) => {
          const subject = text!(value);
          return typeof subject === "string" && compiled.test(subject);
        };
      },
    ),
    plainFrom: 1,
    refuse: refusePattern,
  },
  "+": arithmetic("+", (left, right) => left + right),
  "-": arithmetic("-", (left, right) => left - right),
  "*": arithmetic("*", (left, right) => left * right),
  "/": arithmetic("/", (left, right) => left / right),
  "%": arithmetic("%", (left, right) => left % right),
  lower: onText("lower", (text) => text.toLowerCase()),
  upper: onText("upper", (text) => text.toUpperCase()),
  length: one("length", lengthOf),
  slice: operator('["slice", text or list, start, end]', 2, 3, ([from, start, end]) => (value) => {
    const whole = from!(value);
    const first = start!(value);
    const last = end?.(value);
    if (typeof whole !== "string" && !Array.isArray(whole)) return undefined;
    if (!Number.isInteger(first) || (last !== undefined && !Number.isInteger(last))) return undefined;
    return whole.slice(first as number, last as number | undefined);
  }),
  number: one("number", asNumber),
  string: one("string", asText),
  coalesce: operator(
    '["coalesce", a, b, …]',
    1,
    Infinity,
    (operands) => (value) => {
      for (const each of operands) {
        const result = each(value);
        if (result !== undefined && result !== null) return result;
      }
      return undefined;
    },
  ),
  if: operator(
    '["if", condition, then, else]',
    2,
    3,
    ([condition, then, otherwise]) => (value) => condition!(value) === true ? then!(value) : otherwise?.(value),
  ),
  concat: operator(
    '["concat", a, b, …]',
    1,
    Infinity,
    (operands, [, ...written]) =>
      joinerOf(
        operands.map((each, index) => isList(written[index]) ? each : asText(written[index]) ?? ""),
        asText,
      ),
  ),
  present: one("present", (value) => value !== undefined),
};

/** Names of all operators. */
export const operatorNames: readonly string[] = Object.keys(operators);

/** The operator of that name. */
export function operatorOf(name: unknown): ExpressionOperator | undefined {
  return typeof name === "string" && Object.hasOwn(operators, name) ? operators[name] : undefined;
}
