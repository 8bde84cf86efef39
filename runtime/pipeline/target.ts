/** Makes a new value: records of expressions, with aggregates, group and window where there are such. @module */
import type { Expression, ExpressionInput } from "../flow/flow_definition.ts";
import type { MakeAccumulator } from "./aggregate/accumulator.ts";
import { aggregateNames, aggregateOf, makeEventCount } from "./aggregate/aggregates.ts";
import { refuseBareText } from "./expected_value.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import { plainExpression } from "./expression_kind.ts";
import { operatorOf } from "./expression_operators.ts";
import { invalid } from "./invalid.ts";
import type { Target } from "./select_definition.ts";
import { recordMakerOf } from "./shaped_code.ts";

/** One aggregate of a target: what it takes from each event. */
export interface CompiledAggregate {
  /** Makes an empty one. */
  readonly make: MakeAccumulator;
  /** Its value of an event. */
  readonly of: (value: unknown) => unknown;
  /** Keys that lead to that value, where it is a field; none: the event itself counts. */
  readonly path?: readonly string[];
}

/** What expressions of a target see. */
export interface TargetScope {
  /** Names beside `event`, each written `["name"]` or `["name", key…]`. */
  readonly names: readonly string[];
  /** Whether there are aggregates. */
  readonly aggregates: boolean;
}

/** A compiled target. */
export interface CompiledTarget {
  /** Computes the value from the event's, or from a record `{ event, aggregates, … }` when the scope has names. */
  readonly compute: (scope: unknown) => unknown;
  /** Aggregates in the order of `aggregates`. */
  readonly aggregates: readonly CompiledAggregate[];
}

/** Whether a value is written as a record of targets. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !("toJSON" in value && typeof value.toJSON === "function");
}

/**
 * Compiles a target.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileTarget(target: Target, path: string, scope?: TargetScope): CompiledTarget {
  const aggregates: CompiledAggregate[] = [];
  const rewrite = scope === undefined
    ? (expression: unknown) => expression
    : (expression: unknown, at: string) => rewriteScope(expression, at, scope, aggregates);
  return { compute: compilePart(target, path, rewrite), aggregates };
}

type Rewrite = (expression: unknown, path: string) => unknown;

function compilePart(target: unknown, path: string, rewrite: Rewrite): (scope: unknown) => unknown {
  if (!isRecord(target)) {
    return compileExpression(parseExpression(rewrite(target, path), path));
  }
  const fields = Object.entries(target).map(([name, part]) =>
    [name, compilePart(part, `${path}.${name}`, rewrite)] as const
  );
  return recordMakerOf(fields);
}

/** Turns what an expression says of the event, the group and aggregates into fields of one record. */
function rewriteScope(given: unknown, path: string, scope: TargetScope, aggregates: CompiledAggregate[]): unknown {
  const expression = plainExpression(given);
  if (!Array.isArray(expression)) return expression;
  const [name, ...operands] = expression as unknown[];
  if (name === "literal") return expression;
  if (name === "field" && operands.length === 1) {
    const [to] = operands;
    const keys = typeof to === "string" ? to.split(".") : to;
    // A wrong path is left for the parser to refuse.
    return Array.isArray(keys) ? ["field", ["event", ...keys]] : expression;
  }
  if (typeof name === "string" && scope.names.includes(name)) {
    if (!operands.every((key) => typeof key === "string" || typeof key === "number")) {
      throw invalid(path, JSON.stringify(expression), `["${name}"] or ["${name}", key]`);
    }
    const allowed = refuseKeys(name, operands);
    if (allowed !== undefined) throw invalid(path, JSON.stringify(expression), allowed);
    return ["field", [name, ...operands]];
  }
  const kind = aggregateOf(name);
  if (kind !== undefined) {
    if (!scope.aggregates) {
      throw invalid(path, `the aggregate ${name}`, `a window beside it, or no ${aggregateNames.join(", ")}`);
    }
    aggregates.push(compileAggregate(name as string, operands, path));
    return ["field", ["aggregates", aggregates.length - 1]];
  }
  const plainFrom = operatorOf(name)?.plainFrom ?? Infinity;
  return [
    name,
    ...operands.map((operand, index) =>
      index < plainFrom ? rewriteScope(operand, `${path}[${index + 1}]`, scope, aggregates) : operand
    ),
  ];
}

const windowFacts: readonly unknown[] = ["name", "start", "end", "revision", "count"];

/** What can be asked of a name whose keys are known: a slip would be a field that is never there. */
function refuseKeys(name: string, keys: readonly (string | number)[]): string | undefined {
  const [first] = keys;
  switch (name) {
    case "window":
      return keys.length === 0 || (keys.length === 1 && windowFacts.includes(first))
        ? undefined
        : windowFacts.map((fact) => `["window", "${fact}"]`).join(", ");
    case "group":
      return first === undefined || (Number.isInteger(first) && Number(first) >= 0)
        ? undefined
        : '["group"], or ["group", 0] and so on';
    case "cardinality":
      return keys.length === 0 ? undefined : '["cardinality"]';
    default:
      return undefined;
  }
}

function compileAggregate(name: string, operands: readonly unknown[], path: string): CompiledAggregate {
  const kind = aggregateOf(name)!;
  if (operands.length < kind.least || operands.length > 1 + kind.options) {
    throw invalid(path, `${operands.length} operands`, kind.form);
  }
  if (operands.length === 0) return { make: makeEventCount, of: () => true, path: [] };
  const [value, ...options] = operands;
  const prepared = kind.prepare(options.map((option) => literalOf(option)));
  if (typeof prepared === "string") throw invalid(path, JSON.stringify(options), prepared);
  const expression = parseExpression(value, `${path}[1]`);
  refuseBareText(expression, `${path}[1]`);
  const field = fieldPathOf(expression);
  return { make: prepared, of: compileExpression(expression), ...(field === undefined ? {} : { path: field }) };
}

/** Keys of an expression that is a field of the event, and no more. */
export function fieldPathOf(expression: Expression): readonly string[] | undefined {
  if (!Array.isArray(expression) || expression[0] !== "field") return undefined;
  const [, path] = expression as readonly unknown[];
  const keys = typeof path === "string" ? path.split(".") : (path as readonly unknown[]).map(String);
  return keys.length === 0 ? undefined : keys;
}

/** A list may be written as it is or as a literal. */
function literalOf(option: unknown): unknown {
  const value = plainExpression(option);
  return Array.isArray(value) && value[0] === "literal" && value.length === 2 ? value[1] : value;
}

/** Compiles a single expression on the event's value. */
export function compileValue(expression: ExpressionInput, path: string): (value: unknown) => unknown {
  return compileExpression(parseExpression(expression as Expression, path));
}
