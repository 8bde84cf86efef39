/** Patterns of values: compiled once, tried on each event. @module */
import { isSame, ownProperty } from "../expression_values.ts";
import { compileExtractor } from "../extractor/extractors.ts";
import { compileCondition } from "../expected_value.ts";
import { invalid } from "../invalid.ts";
import { putOwn } from "../own_field.ts";
import type { Pattern } from "./match_definition.ts";

/** What patterns captured so far. */
export type Captures = Record<string, unknown>;

/** Whether a value matches; captures are only of use when it does. */
export type Matches = (value: unknown, captures: Captures) => boolean;

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number" || typeof value === "bigint",
  integer: (value) => Number.isInteger(value) || typeof value === "bigint",
  boolean: (value) => typeof value === "boolean",
  record: (value) => isPlainRecord(value),
  list: (value) => Array.isArray(value),
  null: (value) => value === null,
  any: (value) => value !== undefined,
};

function isPlainRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

type CompileOne = (operand: unknown, path: string) => Matches;

const operators: Readonly<Record<string, CompileOne>> = {
  $type: (name, path) => {
    const holds = typeof name === "string" && Object.hasOwn(types, name) ? types[name]! : undefined;
    if (holds === undefined) throw invalid(path, JSON.stringify(name), Object.keys(types).join(", "));
    return holds;
  },
  $absent: (operand, path) => {
    if (operand !== true) throw invalid(path, JSON.stringify(operand), "true");
    return (value) => value === undefined;
  },
  $in: (operand, path) => {
    const list = listOf(operand, path);
    return (value) => list.some((each) => isSame(each, value));
  },
  $any: (operand, path) => {
    const patterns = compileAll(operand, path);
    return (value, captures) => patterns.some((matches) => capturing(matches, value, captures));
  },
  $all: (operand, path) => {
    const patterns = compileAll(operand, path);
    return (value, captures) => patterns.every((matches) => matches(value, captures));
  },
  $not: (operand, path) => {
    const matches = compilePattern(operand as Pattern, path);
    return (value) => !matches(value, {});
  },
  $list: (operand, path) => {
    const patterns = compileAll(operand, path);
    return (value, captures) =>
      Array.isArray(value) &&
      patterns.every((matches) => value.some((item) => capturing(matches, item, captures)));
  },
  $items: (operand, path) => {
    const patterns = compileAll(operand, path);
    return (value, captures) =>
      Array.isArray(value) && value.length === patterns.length &&
      patterns.every((matches, index) => matches(value[index], captures));
  },
  $is: (operand, path) => {
    const holds = compileCondition(operand, path);
    return (value) => holds(value) === true;
  },
};

/** What a pattern captured before it failed is not captured. */
function capturing(matches: Matches, value: unknown, captures: Captures): boolean {
  const own: Captures = {};
  if (!matches(value, own)) return false;
  for (const name of Object.keys(own)) putOwn(captures, name, own[name]);
  return true;
}

function listOf(operand: unknown, path: string): readonly unknown[] {
  if (Array.isArray(operand)) return operand;
  throw invalid(path, JSON.stringify(operand), "a list");
}

function compileAll(operand: unknown, path: string): Matches[] {
  return listOf(operand, path).map((pattern, index) => compilePattern(pattern as Pattern, `${path}[${index}]`));
}

/**
 * Compiles a pattern.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compilePattern(pattern: Pattern, path: string): Matches {
  if (Array.isArray(pattern)) throw invalid(path, "a list", "$list or $items with the patterns of its items");
  if (!isPlainRecord(pattern)) return (value) => isSame(pattern, value);
  const keys = Object.keys(pattern);
  const special = keys.filter((key) => key.startsWith("$"));
  if (special.length === 0) return compileRecord(pattern, path);
  if (special.length < keys.length) {
    throw invalid(path, keys.join(", "), "either fields, or only keys that start with $; put both into $all");
  }
  return compileSpecial(pattern, path);
}

function compileRecord(pattern: Readonly<Record<string, unknown>>, path: string): Matches {
  const fields = Object.entries(pattern).map(([name, part]) =>
    [name, compilePattern(part as Pattern, `${path}.${name}`)] as const
  );
  return (value, captures) =>
    isPlainRecord(value) && fields.every(([name, matches]) => matches(ownProperty(value, name), captures));
}

function compileSpecial(pattern: Readonly<Record<string, unknown>>, path: string): Matches {
  const { $as: name, $extract: extractor, ...others } = pattern;
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw invalid(`${path}.$as`, JSON.stringify(name), "a name");
  }
  const all = Object.entries(others).map(([key, operand]) => {
    if (!Object.hasOwn(operators, key)) {
      throw invalid(path, key, [...Object.keys(operators), "$extract", "$as"].join(", "));
    }
    return operators[key]!(operand, `${path}.${key}`);
  });
  const extract = extractor === undefined ? undefined : compileExtractor(extractor as never, `${path}.$extract`);
  return (value, captures) => {
    if (all.length === 0 && extract === undefined && value === undefined) return false;
    if (!all.every((matches) => matches(value, captures))) return false;
    let found = value;
    if (extract !== undefined) {
      found = typeof value === "string" ? extract(value) : undefined;
      if (found === undefined) return false;
    }
    if (name !== undefined) putOwn(captures, name as string, found);
    return true;
  };
}
