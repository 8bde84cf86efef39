/** Compiles expressions where only some values make sense, and refuses those that can never give one. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import { excerpt } from "../manifest/untrusted_text.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import { fieldMeant, type Kind, kindOf, kindsOf, plainExpression, readsEvent } from "./expression_kind.ts";
import { invalid } from "./invalid.ts";

type Evaluate = (value: unknown) => unknown;

const CONDITION = 'a condition, such as ["==", ["field", "level"], "error"]';

function compileValue(given: unknown, path: string): Evaluate {
  return compileExpression(parseExpression(given, path));
}

function refused(given: unknown, path: string, why: string, allowed: string): CaissonError {
  const meant = fieldMeant(given);
  const found = `${excerpt(plainExpression(given))}${why}`;
  return invalid(path, found, allowed, meant === undefined ? undefined : `Did you mean ${meant}?`);
}

/**
 * Refuses a condition that can never be `true` or `false`, or that compares what was written with itself. `true` and
 * `false` themselves are conditions.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function checkCondition(given: unknown, path: string): void {
  const condition = plainExpression(given);
  if (kindOf(condition) === "record") throw invalid(path, excerpt(condition), CONDITION);
  if (Array.isArray(condition)) {
    const [name, ...operands] = condition as unknown[];
    if (name === "and" || name === "or" || name === "not" || name === "if") {
      for (const [index, operand] of operands.entries()) checkCondition(operand, `${path}[${index + 1}]`);
      return;
    }
  }
  const kinds = kindsOf(condition);
  if (kinds !== undefined && !kinds.has("boolean")) {
    throw refused(given, path, `, a ${[...kinds].join(" or ")}`, `${CONDITION}, true or false`);
  }
  if (Array.isArray(condition) && condition[0] !== "literal" && !readsEvent(condition)) {
    throw refused(given, path, ", the same for every event", `${CONDITION}, true or false`);
  }
}

/** Compiles a condition, see {@linkcode checkCondition}. @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path */
export function compileCondition(given: unknown, path: string): Evaluate {
  // First what is no expression at all: its path is more exact.
  const holds = compileValue(given, path);
  checkCondition(given, path);
  return holds;
}

/**
 * Compiles an expression that has to give one of `kinds`.
 *
 * @param what how the message names what is wanted
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileKind(given: unknown, path: string, kinds: readonly Kind[], what: string): Evaluate {
  const of = compileValue(given, path);
  const possible = kindsOf(given);
  if (possible?.isDisjointFrom(new Set(kinds)) !== true) return of;
  throw refused(given, path, possible.has("null") ? "" : `, a ${[...possible].join(" or ")}`, what);
}

/** Compiles what has to be different from event to event. @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path */
export function compileReading(given: unknown, path: string, kinds: readonly Kind[], what: string): Evaluate {
  const of = compileKind(given, path, kinds, what);
  if (!readsEvent(given)) throw refused(given, path, ", the same for every event", what);
  return of;
}

/**
 * Refuses a bare text: a field whose `["field", …]` was forgotten. All events would be equal.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function refuseBareText(given: unknown, path: string): void {
  const text = plainExpression(given);
  if (typeof text !== "string") return;
  const allowed = `a value of each event, such as ["field", "host"]; for the text itself ["literal", ${excerpt(text)}]`;
  throw refused(text, path, ", the same for every event", allowed);
}

/** Compiles a key, which no bare text may be. @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path */
export function compileKey(given: unknown, path: string): Evaluate {
  const of = compileValue(given, path);
  refuseBareText(given, path);
  return of;
}
