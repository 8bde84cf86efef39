/**
 * Predicates and projections as data, shared by flows in JSON and by the builder.
 *
 * An expression is a plain value, or a list of an operator and its operands: `["==", ["field", "level"], "error"]`.
 * Numbers compare by value; comparing values of different types is false; only `true` is true, so an absent field
 * never makes a condition hold. Arithmetic with anything but numbers, or with an infinite result, gives nothing, and a
 * projection leaves such a field out. Only own properties are read.
 *
 * `matches` runs on the host's thread: a pattern with nested repetition, such as `(a+)+$`, can take exponential time on
 * a hostile event. Whoever writes the flow chooses the pattern.
 * @module
 */
import { z } from "zod";
import { messageOf } from "../errors/caisson_error.ts";
import type { Expression } from "../flow/flow_definition.ts";
import { didYouMean } from "../manifest/schema_issue.ts";
import { excerpt, quote } from "../manifest/untrusted_text.ts";
import { invalid } from "./invalid.ts";
import { aggregateNames } from "./aggregate/aggregates.ts";
import { plainExpression } from "./expression_kind.ts";
import { type Evaluate, operatorNames, operatorOf } from "./expression_operators.ts";

/** Deepest nesting of an expression. */
const MAX_DEPTH = 64;

interface Problem {
  readonly path: readonly number[];
  readonly found: string;
  readonly allowed: string;
  readonly action: string | undefined;
}

/** Thrown inside this file only. */
class Refused {
  readonly problem: Problem;

  constructor(path: readonly number[], found: string, allowed: string, action?: string) {
    this.problem = { path, found, allowed, action };
  }
}

/** Where a name may stand that is no operator, but one elsewhere. */
function placeOf(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  if (name === "state") return "the update and target of a state step";
  if (name === "captured") return "the when and then of a match step";
  const isOfGroup = name === "group";
  if (!isOfGroup && !["window", "cardinality"].includes(name) && !aggregateNames.includes(name)) return undefined;
  const beside = isOfGroup ? "groupBy" : "window";
  return `the target of a select step with a ${beside}, outside of other aggregates; what it makes can be used in having`;
}

/** Operators and aggregates go by other names elsewhere. */
const synonyms: Readonly<Record<string, string>> = {
  ...{ "=": "==", "===": "==", eq: "==", "!==": "!=", ne: "!=", "<>": "!=", gt: ">", gte: ">=", lt: "<", lte: "<=" },
  ...{ "&&": "and", "||": "or", "!": "not", exists: "present", regex: "matches", get: "field", len: "length" },
  ...{ avg: "mean", average: "mean", std: "stdev", stddev: "stdev", variance: "var", percentile: "quantile" },
  ...{ uppercase: "upper", lowercase: "lower", startswith: "starts_with", endswith: "ends_with", includes: "contains" },
};

function actionFor(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  const lower = name.toLowerCase();
  const meant = Object.hasOwn(synonyms, lower)
    ? synonyms[lower]
    // Of one letter or two, any sign would be the nearest.
    : name.length < 3
    ? undefined
    : didYouMean(name, [...operatorNames, ...aggregateNames]);
  return meant === undefined ? undefined : `Did you mean ${quote(meant)}?`;
}

function check(given: unknown, path: readonly number[]): Expression {
  const value = plainExpression(given);
  if (path.length > MAX_DEPTH) {
    throw new Refused(path, "deeper nesting", `at most ${MAX_DEPTH} levels`);
  }
  if (!Array.isArray(value)) return checkScalar(value, path);
  const [name, ...operands] = value as unknown[];
  const operator = operatorOf(name);
  if (operator === undefined) {
    const place = placeOf(name);
    throw new Refused(
      [...path, 0],
      excerpt(name),
      place !== undefined
        ? `${excerpt(name)} only in ${place}`
        : `an operator: ${operatorNames.join(", ")}; for a list ["literal", […]]`,
      place === undefined ? actionFor(name) : undefined,
    );
  }
  const { least, most, form, plainFrom = Infinity, refuse } = operator;
  if (operands.length < least || operands.length > most) {
    throw new Refused(path, `${operands.length} operands`, form);
  }
  const checked = operands.map((operand, index) => {
    const at = [...path, index + 1];
    if (index < plainFrom) return check(operand, at);
    const plain = checkPlain(operand, at);
    const allowed = refuse?.(plain, index);
    if (allowed !== undefined) throw new Refused(at, excerpt(plain), allowed);
    return plain;
  });
  const whole: Expression = [name as string, ...checked];
  if (name === "matches") checkPattern(whole, path);
  return whole;
}

function checkScalar(value: unknown, path: readonly number[]): Expression {
  if (
    value === null || typeof value === "string" || typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  ) return value;
  throw new Refused(
    path,
    excerpt(value),
    'a text, number, true, false, null, or a list such as ["field", "name"]',
  );
}

/** A value that is taken as it is; copied, so that the flow's own object may change. */
function checkPlain(value: unknown, path: readonly number[]): Expression {
  if (path.length > MAX_DEPTH) {
    throw new Refused(path, "deeper nesting", `at most ${MAX_DEPTH} levels`);
  }
  return Array.isArray(value)
    ? value.map((item, index) => checkPlain(item, [...path, index]))
    : checkScalar(value, path);
}

function checkPattern(
  [, , pattern, flags = "u"]: readonly Expression[],
  path: readonly number[],
): void {
  try {
    new RegExp(pattern as string, flags as string);
  } catch (error) {
    throw new Refused(
      [...path, 2],
      messageOf(error),
      "a regular expression of JavaScript",
    );
  }
}

/**
 * Checks an expression and returns a copy of it.
 *
 * @param path where it stands, such as `flow.json: pipelines.main[0].filter`
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path inside the expression
 */
export function parseExpression(value: unknown, path: string): Expression {
  try {
    return check(value, []);
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    const { path: inner, found, allowed, action } = thrown.problem;
    throw invalid(path + inner.map((index) => `[${index}]`).join(""), found, allowed, action);
  }
}

/**
 * Makes a function of an expression that {@linkcode parseExpression} returned.
 *
 * @example A condition
 * ```ts
 * import { compileExpression, parseExpression } from "./expression.ts";
 * import { assert } from "@std/assert";
 *
 * const failed = compileExpression(parseExpression([">=", ["field", "status"], 500], "filter"));
 * assert(failed({ status: 503 }) === true);
 * ```
 */
export function compileExpression(
  expression: Expression,
): (value: unknown) => unknown {
  if (!Array.isArray(expression)) return () => expression;
  const operator = operatorOf(expression[0])!;
  const { plainFrom = Infinity } = operator;
  const operands: Evaluate[] = expression.slice(1)
    .filter((_, index) => index < plainFrom)
    .map(compileExpression);
  return operator.compile(operands, expression);
}

function refine(value: unknown, context: z.core.$RefinementCtx): void {
  try {
    check(value, []);
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    const { path, found, allowed, action } = thrown.problem;
    context.addIssue({
      code: "custom",
      path: [...path],
      message: allowed,
      params: action === undefined ? { found } : { found, action },
    });
  }
}

/** Schema of an expression; an issue has the path inside it and says what is allowed there. */
export const expressionSchema: z.ZodType = z.unknown().superRefine(refine);

/** Schema of an expression or, in a flow written in TypeScript, a function; not a union, so that paths stay exact. */
export const expressionOrFunctionSchema: z.ZodType = z.unknown().superRefine(
  (value, context) => {
    if (typeof value !== "function") refine(value, context);
  },
);
