/** Expressions as the native kernel takes them. @module */
import type { Expression } from "../flow/flow_definition.ts";

/** Operators that take expressions only and mean the same in the kernel. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "contains", "starts_with", "ends_with", "+", "-", "*", "/"],
  ...["%", "lower", "upper", "length", "number", "string", "coalesce", "if", "concat", "present"],
]);

/** Keys that JavaScript objects put in front of the others, whatever the order they were set in. */
const INDEX = /^(?:0|[1-9][0-9]{0,9})$/;

/** An expression that gives nothing. */
const ABSENT: Expression = ["if", false, null];

/** Whether a field of that name may be written, or stand in a row. */
export function isPlainName(name: string): boolean {
  return name !== "__proto__" && !INDEX.test(name) && name.isWellFormed();
}

function scalar(value: Expression): boolean {
  if (typeof value === "string") return value.isWellFormed();
  return value === null || typeof value === "boolean" || (typeof value === "number" && !Object.is(value, -0));
}

/** A projection: what each field of the event it makes is, in the kernel's form and of the event that came in. */
export type Projection = ReadonlyMap<string, Expression>;

/**
 * The expression in the kernel's form, or `undefined` when the kernel does not know it.
 *
 * @param made what the event it looks at was projected from; absent, it is the event that came in
 */
export function kernelExpression(expression: Expression, made?: Projection): Expression | undefined {
  if (!Array.isArray(expression)) return scalar(expression) ? expression : undefined;
  const [name, ...operands] = expression as unknown as readonly [string, ...Expression[]];
  if (name === "field") {
    const [path] = operands;
    const keys = typeof path === "string" ? path.split(".") : (path as readonly Expression[]).map(String);
    if (keys.length === 0 || !keys.every((key) => key.isWellFormed())) return undefined;
    return made === undefined ? ["field", keys] : fieldOf(keys, made);
  }
  if (name === "literal") {
    const [value] = operands;
    return !Array.isArray(value) && scalar(value!) ? value : undefined;
  }
  if (name === "in") {
    const [item, list] = operands;
    const searched = kernelExpression(item!, made);
    const isLiteral = Array.isArray(list) && list[0] === "literal" && Array.isArray(list[1]) &&
      (list[1] as readonly Expression[]).every(scalar);
    return searched !== undefined && isLiteral ? ["in", searched, list[1]!] : undefined;
  }
  if (!PLAIN.has(name)) return undefined;
  const translated = operands.map((operand) => kernelExpression(operand, made));
  return translated.includes(undefined) ? undefined : [name, ...translated as Expression[]];
}

/** What a path of a projected event leads to, in the event it was projected from. */
function fieldOf([first, ...rest]: readonly string[], made: Projection): Expression | undefined {
  const whole = made.get(first!);
  if (whole === undefined) return ABSENT;
  if (rest.length === 0) return whole;
  if (!Array.isArray(whole)) return undefined;
  const [name, path] = whole as unknown as readonly [string, readonly string[]];
  return name === "field" ? ["field", [...path, ...rest]] : undefined;
}
