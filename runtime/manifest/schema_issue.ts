/** Says what a zod issue means for the file it was found in: path, found, allowed, and the key that was meant. @module */
import type { z } from "zod";
import { excerpt, quote } from "./untrusted_text.ts";

/** One refused value. */
export interface SchemaIssue {
  /** `unknown-key` when the object has a key the schema does not know. */
  readonly kind: "unknown-key" | "value";
  /** Path in the document, `provides[0].name`; empty for the document itself. */
  readonly path: string;
  /** What was found there. */
  readonly found: string;
  /** What would have been accepted. */
  readonly allowed: string;
  /** What to do, where the schema says more than its code does. */
  readonly action?: string;
  /** Error code a refinement asked for, in `params.code`. */
  readonly code?: string;
}

type Path = readonly PropertyKey[];

/** Writes a path as people read it. */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(String(part))) {
      text += text === "" ? String(part) : `.${String(part)}`;
    } else text += `[${quote(String(part))}]`;
  }
  return text;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.hasOwn(at, part) ? (at as Record<PropertyKey, unknown>)[part] : undefined;
  }
  return at;
}

/** The part of the schema a path leads to, through optionals, arrays, records and the branch of a union it fits. */
function schemaAt(schema: unknown, path: Path, value: unknown): unknown {
  let inside = value;
  let at = unwrap(schema, path[0], inside);
  for (const [index, part] of path.entries()) {
    const next = path[index + 1];
    inside = valueAt(inside, [part]);
    if (at?.type === "object") at = unwrap(at.shape?.[String(part)], next, inside);
    else if (at?.type === "array") at = unwrap(at.element, next, inside);
    else if (at?.type === "record") at = unwrap(at.valueType, next, inside);
    else return undefined;
  }
  return at;
}

/** What is read of zod's definitions. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly innerType?: unknown;
  readonly options?: readonly unknown[];
}

/**
 * @param next the part of the path that comes next: only a list has numbers
 * @param value what stands there: of several objects it is meant to be the one it shares most keys with
 */
function unwrap(schema: unknown, next: PropertyKey | undefined, value: unknown): Definition | undefined {
  const definition = (schema as { def?: Definition } | undefined)?.def;
  if (definition?.innerType !== undefined) return unwrap(definition.innerType, next, value);
  if (definition?.type !== "union") return definition;
  const wanted = typeof next === "number" ? ["array"] : ["object", "record"];
  const branches = (definition.options ?? []).map((branch) => unwrap(branch, next, value))
    .filter((branch) => wanted.includes(branch?.type ?? ""));
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const shared = (branch: Definition | undefined) => keys.filter((key) => key in (branch?.shape ?? {})).length;
  return branches.reduce((best, branch) => shared(branch) > shared(best) ? branch : best, branches[0]);
}

/** Edits that turn one word into the other, counting a swap of neighbours as one. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      let best = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1),
      );
      if (
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      ) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}

/** The known word that was probably meant. */
export function didYouMean(
  word: string,
  known: readonly string[],
): string | undefined {
  if (word.length > 40) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Asks whether another word was meant; `undefined` when none is near. */
export function meantBy(word: string, known: readonly string[]): string | undefined {
  const meant = didYouMean(word, known);
  return meant === undefined ? undefined : `Did you mean ${quote(meant)}?`;
}

const typeNames: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text",
};

function typeName(type: string): string {
  return typeNames[type] ?? type;
}

const units: Readonly<Record<string, string>> = {
  array: " entries",
  object: " keys",
  string: " characters",
};

function allowedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeName(issue.expected);
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(", ");
    case "too_small":
      return `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${units[issue.origin] ?? ""}`;
    case "too_big":
      return `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}${units[issue.origin] ?? ""}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

/** How far a value is from one branch of a union: keys it has too many, and what is missing or wrong itself. */
function misfit(branch: readonly z.core.$ZodIssue[]): number {
  return branch.filter(({ path }) => path.length <= 1)
    .reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
}

/** A union answers with the issues of every branch; the one that fits the value best says what is wrong, that first. */
function flatten(issue: z.core.$ZodIssue, base: Path = []): readonly z.core.$ZodIssue[] {
  const path = [...base, ...issue.path];
  if (issue.code !== "invalid_union") return [{ ...issue, path }];
  const branches = issue.errors.toSorted((left, right) => misfit(left) - misfit(right))
    .map((branch) => branch.toSorted((left, right) => Number(isUnknownKey(right)) - Number(isUnknownKey(left))))
    .filter((branch) => branch.length > 0)
    .map((branch) => branch.flatMap((each) => flatten(each, path)));
  const deeper = branches.find(([first]) =>
    first!.path.length > path.length ||
    first!.code !== "invalid_type" && first!.code !== "invalid_value"
  );
  if (deeper !== undefined) return deeper;
  const allowed = branches.map(([first]) => allowedBy(first!));
  const message = [...new Set(allowed)].join(", or ");
  return [{ code: "custom", path, message, input: issue.input }];
}

function isUnknownKey({ code }: z.core.$ZodIssue): boolean {
  return code === "unrecognized_keys";
}

/** Whether `issue` is there only because a key was misspelt: what is missing beside it, and rules of the whole object. */
function isConsequence(issue: z.core.$ZodIssue, unknown: z.core.$ZodIssue, value: unknown): boolean {
  const { path } = unknown;
  if (isUnknownKey(issue) || !path.every((part, index) => issue.path[index] === part)) return false;
  return issue.path.length === path.length ||
    (issue.path.length === path.length + 1 && valueAt(value, issue.path) === undefined);
}

/** Every key with a reason of its own for being refused: `path.key` to the reason. */
export type RefusedKeys = Readonly<Record<string, string>>;

/**
 * Explains why a value was refused.
 *
 * A key that is not known comes first: a misspelt key is the cause of the missing one.
 */
export function explainIssue(
  error: z.ZodError,
  schema: z.ZodType,
  value: unknown,
  refusedKeys: RefusedKeys = {},
): SchemaIssue {
  return explainIssues(error, schema, value, refusedKeys)[0]!;
}

/** Explains all reasons why a value was refused, see {@linkcode explainIssue}. */
export function explainIssues(
  error: z.ZodError,
  schema: z.ZodType,
  value: unknown,
  refusedKeys: RefusedKeys = {},
): readonly SchemaIssue[] {
  const issues = error.issues.flatMap((issue) => flatten(issue));
  const unknown = issues.filter(isUnknownKey);
  const others = issues.filter((issue) => !unknown.some((each) => isConsequence(issue, each, value)));
  return [...unknown, ...others.filter((issue) => !isUnknownKey(issue))].map((issue) =>
    explain(issue, schema, value, refusedKeys)
  );
}

function explain(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  value: unknown,
  refusedKeys: RefusedKeys,
): SchemaIssue {
  if (issue.code === "unrecognized_keys") {
    return unknownKey({ path: issue.path, key: issue.keys[0]!, schema, value, refusedKeys });
  }
  if (issue.code === "invalid_key") {
    return {
      kind: "value",
      path: pathText(issue.path.slice(0, -1)),
      found: `the key ${quote(String(issue.path.at(-1)))}`,
      allowed: issue.issues.map(allowedBy).join(", "),
    };
  }
  const params = issue.code === "custom" ? issue.params ?? {} : {};
  const { code, action, found } = params as Record<string, string>;
  return {
    kind: "value",
    path: pathText(issue.path),
    found: found ?? excerpt(valueAt(value, issue.path)),
    allowed: allowedBy(issue),
    ...(action === undefined ? {} : { action }),
    ...(code === undefined ? {} : { code }),
  };
}

function unknownKey({ path, key, schema, value, refusedKeys }: {
  readonly path: Path;
  readonly key: string;
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly refusedKeys: RefusedKeys;
}): SchemaIssue {
  const at = schemaAt(schema, path, value);
  const known = Object.keys(
    (at as Definition | undefined)?.shape ?? {},
  );
  const full = pathText([...path, key]);
  const refused = Object.hasOwn(refusedKeys, full) ? refusedKeys[full] : undefined;
  if (refused !== undefined) {
    return {
      kind: "unknown-key",
      path: full,
      found: `the key ${quote(key)}: ${refused}`,
      allowed: known.join(", "),
      action: `Remove ${quote(key)}.`,
    };
  }
  const meant = didYouMean(key, known);
  return {
    kind: "unknown-key",
    path: full,
    found: `the unknown key ${quote(key)}`,
    allowed: known.join(", "),
    action: meant === undefined ? `Remove ${quote(key)}.` : `Did you mean ${quote(meant)}?`,
  };
}
