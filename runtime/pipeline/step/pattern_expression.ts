/** Patterns that an expression can stand for, so that the native kernel tries them. @module */
import type { Expression, ExpressionInput } from "../../flow/flow_definition.ts";
import { parseExpression } from "../expression.ts";
import type { Pattern } from "./match_definition.ts";

/** An expression that is `true` where the pattern matches. */
interface Condition {
  readonly holds: Expression;
  /** Whether it does not hold where there is no such field: a record around the field is one, then. */
  readonly wantsField: boolean;
}

/**
 * The pattern of an event that is a record as an expression of it; `undefined` where it takes more than that: captures, lists,
 * extractors, types without an expression. The pattern has been compiled before, so it is well formed.
 */
export function patternExpression(pattern: Pattern): Expression | undefined {
  return conditionOf(pattern, [])?.holds;
}

function conditionOf(pattern: unknown, keys: readonly string[]): Condition | undefined {
  if (typeof pattern !== "object" || pattern === null) {
    // The event itself is a record, and no plain value.
    if (keys.length === 0 || typeof pattern === "bigint") return undefined;
    return { holds: ["==", fieldOf(keys), pattern as Expression], wantsField: true };
  }
  const parts = Object.entries(pattern);
  const isSpecial = parts.some(([name]) => name.startsWith("$"));
  const conditions = parts.map(([name, part]) =>
    isSpecial ? specialOf(name, part, keys) : conditionOf(part, [...keys, name])
  );
  const all = every(conditions);
  // Nothing tells a record from a text by a field that may be absent.
  const isCertain = isSpecial || keys.length === 0 || all?.wantsField === true;
  return isCertain ? all : undefined;
}

function specialOf(name: string, operand: unknown, keys: readonly string[]): Condition | undefined {
  switch (name) {
    case "$any": {
      const parts = (operand as unknown[]).map((part) => conditionOf(part, keys));
      return joined("or", parts, (wants) => wants.every((each) => each));
    }
    case "$all":
      return every((operand as unknown[]).map((part) => conditionOf(part, keys)));
    case "$not": {
      const part = conditionOf(operand, keys);
      return part === undefined ? undefined : { holds: ["not", part.holds], wantsField: false };
    }
    case "$is":
      return keys.length > 0
        ? undefined
        : { holds: parseExpression(operand as ExpressionInput, "$is"), wantsField: false };
  }
  if (keys.length === 0) return undefined;
  switch (name) {
    case "$in":
      return { holds: ["in", fieldOf(keys), ["literal", operand as Expression]], wantsField: true };
    case "$absent":
      return { holds: ["not", ["present", fieldOf(keys)]], wantsField: false };
    case "$type":
      return typeOf(operand as string, keys);
    default:
      return undefined;
  }
}

function typeOf(type: string, keys: readonly string[]): Condition | undefined {
  switch (type) {
    case "any":
      return { holds: ["present", fieldOf(keys)], wantsField: true };
    case "null":
      return { holds: ["==", fieldOf(keys), null], wantsField: true };
    case "boolean":
      return { holds: ["in", fieldOf(keys), ["literal", [true, false]]], wantsField: true };
    default:
      return undefined;
  }
}

function every(parts: readonly (Condition | undefined)[]): Condition | undefined {
  return joined("and", parts, (wants) => wants.some((each) => each));
}

function joined(
  operator: "and" | "or",
  parts: readonly (Condition | undefined)[],
  wantsField: (wants: readonly boolean[]) => boolean,
): Condition | undefined {
  if (parts.includes(undefined)) return undefined;
  const known = parts as readonly Condition[];
  return {
    holds: known.length === 0 ? operator === "and" : [operator, ...known.map(({ holds }) => holds)],
    wantsField: wantsField(known.map((part) => part.wantsField)),
  };
}

function fieldOf(keys: readonly string[]): Expression {
  return ["field", keys];
}
