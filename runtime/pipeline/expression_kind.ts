/** What an expression can give, found out without an event. @module */
import { excerpt } from "../manifest/untrusted_text.ts";
import { operatorOf } from "./expression_operators.ts";

/** A kind of value, as messages name it. */
export type Kind = "text" | "number" | "boolean" | "null" | "list" | "record";

const boolean: readonly Kind[] = ["boolean"];
const number: readonly Kind[] = ["number"];
const text: readonly Kind[] = ["text"];

/** Kinds an operator gives whatever its operands are; all of them may also give nothing. */
const fixed: ReadonlyMap<unknown, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ...["==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "in", "contains", "starts_with", "ends_with", "matches"]
    .map((name) => [name, boolean] as const),
  ["present", boolean],
  ...["+", "-", "*", "/", "%", "length", "number"].map((name) => [name, number] as const),
  ...["lower", "upper", "string", "concat"].map((name) => [name, text] as const),
  ["slice", ["text", "list"]],
]);

/** What the builder makes stands for its JSON. */
export function plainExpression(given: unknown): unknown {
  return typeof given === "object" && given !== null && "toJSON" in given && typeof given.toJSON === "function"
    ? given.toJSON()
    : given;
}

/** The kind of a value of JSON. */
export function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
    case "bigint":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "record";
  }
}

/** Kinds an expression can give; `undefined` when that depends on the event. A wrong expression may give anything. */
export function kindsOf(given: unknown): ReadonlySet<Kind> | undefined {
  const expression = plainExpression(given);
  if (!Array.isArray(expression)) return new Set([kindOf(expression)]);
  const [name, ...operands] = expression as unknown[];
  if (name === "literal") return new Set([kindOf(operands[0])]);
  const always = fixed.get(name);
  if (always !== undefined) return new Set(always);
  if (name === "coalesce") return unionOf(operands);
  return name === "if" ? unionOf(operands.slice(1)) : undefined;
}

function unionOf(operands: readonly unknown[]): ReadonlySet<Kind> | undefined {
  let union: ReadonlySet<Kind> = new Set();
  for (const operand of operands) {
    const kinds = kindsOf(operand);
    if (kinds === undefined) return undefined;
    union = union.union(kinds);
  }
  return union;
}

/** Whether an expression can give different values for different events. */
export function readsEvent(given: unknown): boolean {
  const expression = plainExpression(given);
  if (!Array.isArray(expression)) return false;
  const [name, ...operands] = expression as unknown[];
  if (name === "literal") return false;
  // A name of its place, such as state or captured, is no operator.
  const operator = name === "field" ? undefined : operatorOf(name);
  return operator === undefined || operands.slice(0, operator.plainFrom).some(readsEvent);
}

/** What was meant where a text stands in place of a field; `undefined` when no text does. */
export function fieldMeant(given: unknown): string | undefined {
  const expression = plainExpression(given);
  if (typeof expression === "string" && /^[A-Za-z_]\w*(\.\w+)*$/.test(expression)) {
    return `["field", ${JSON.stringify(expression)}]`;
  }
  if (!Array.isArray(expression) || readsEvent(expression)) return undefined;
  const [name, first, ...others] = expression as unknown[];
  const meant = name === "literal" ? undefined : fieldMeant(first);
  if (meant === undefined) return undefined;
  return `[${[excerpt(name), meant, ...others.map((each) => excerpt(plainExpression(each)))].join(", ")}]`;
}
