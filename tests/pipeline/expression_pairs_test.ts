/** Every operator of two operands over every pair of values, each written in each form, beside the rule in one line. */
import { assertEquals } from "@std/assert";
import { compileExpression, parseExpression } from "../../runtime/pipeline/expression.ts";

const values: readonly unknown[] = [
  ...[undefined, null, true, false, 0, -0, 1, -1, 0.1, 1e308, 2 ** 53, 9007199254740993n, 1n],
  ...["", "a", "1", "é", "\ud83d", [], [1], ["a"], [1n], {}, { a: 1 }, { length: 1 }],
  JSON.parse('{"__proto__":1}'),
  JSON.parse('{"constructor":1,"toString":2,"valueOf":3,"toJSON":4}'),
];

type Rule = (left: unknown, right: unknown) => unknown;

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "list" : typeof value === "bigint" ? "number" : typeof value;

const equal = (left: unknown, right: unknown): boolean => {
  if (typeOf(left) !== typeOf(right)) return false;
  // deno-lint-ignore eqeqeq -- numbers and bigints compare by value
  if (typeOf(left) === "number") return left == right;
  if (typeof left !== "object" || left === null) return left === right;
  const keys = Object.keys(left);
  const [one, other] = [left, right] as Record<string, unknown>[] as [Record<string, unknown>, Record<string, unknown>];
  return keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]));
};
const has = (list: unknown, item: unknown) => Array.isArray(list) && list.some((each) => equal(each, item));
const ordered = (holds: (order: number) => boolean): Rule => (left, right) => {
  const type = typeOf(left);
  if (type !== typeOf(right) || (type !== "number" && type !== "string")) return false;
  const [a, b] = [left, right] as [string, string];
  return holds(a < b ? -1 : a > b ? 1 : 0);
};
const computed = (apply: (left: number, right: number) => number): Rule => (left, right) => {
  if (typeOf(left) !== "number" || typeOf(right) !== "number") return undefined;
  const result = apply(Number(left), Number(right));
  return Number.isFinite(result) ? result : undefined;
};
const onTexts = (holds: (text: string, part: string) => boolean): Rule => (left, right) =>
  typeof left === "string" && typeof right === "string" && holds(left, right);

const rules: Readonly<Record<string, Rule>> = {
  "==": equal,
  "!=": (left, right) => !equal(left, right),
  "<": ordered((order) => order < 0),
  "<=": ordered((order) => order <= 0),
  ">": ordered((order) => order > 0),
  ">=": ordered((order) => order >= 0),
  "+": computed((left, right) => left + right),
  "-": computed((left, right) => left - right),
  "*": computed((left, right) => left * right),
  "/": computed((left, right) => left / right),
  "%": computed((left, right) => left % right),
  and: (left, right) => left === true && right === true,
  or: (left, right) => left === true || right === true,
  in: (item, list) => has(list, item),
  contains: (from, part) =>
    typeof from === "string" ? typeof part === "string" && from.includes(part) : has(from, part),
  "starts_with": onTexts((text, part) => text.startsWith(part)),
  "ends_with": onTexts((text, part) => text.endsWith(part)),
  coalesce: (left, right) => left ?? right ?? undefined,
  if: (condition, then) => condition === true ? then : undefined,
};

const isScalar = (value: unknown) => value === null || ["string", "boolean", "number"].includes(typeof value);
const field = { left: ["field", "left"], right: ["field", "right"] };

/** An operand as the field of an event, and as a constant where it can be one. */
function forms(value: unknown, as: unknown): unknown[] {
  if (isScalar(value)) return [as, value];
  return Array.isArray(value) && value.every(isScalar) ? [as, ["literal", value]] : [as];
}

for (const [name, rule] of Object.entries(rules)) {
  Deno.test(`${name} follows its rule for every pair of values, as fields and as constants`, () => {
    const compiled = new Map<string, (event: unknown) => unknown>();
    const compile = (expression: unknown): (event: unknown) => unknown => {
      // As a key, -0 is not the text of 0.
      const key = JSON.stringify(expression, (_, value) => Object.is(value, -0) ? "-0" : value);
      const known = compiled.get(key) ?? compileExpression(parseExpression(expression, "test"));
      compiled.set(key, known);
      return known;
    };
    for (const left of values) {
      for (const right of values) {
        const event = { ...(left === undefined ? {} : { left }), ...(right === undefined ? {} : { right }) };
        for (const one of forms(left, field.left)) {
          for (const other of forms(right, field.right)) {
            assertEquals(compile([name, one, other])(event), rule(left, right), `${name} ${String(typeof left)}`);
          }
        }
      }
    }
  });
}
