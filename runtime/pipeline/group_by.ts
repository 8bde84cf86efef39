/** Tells events apart by what `groupBy` says. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { keyOf, owned } from "./aggregate/keeping.ts";
import { compileKey, compileKind } from "./expected_value.ts";
import { invalid } from "./invalid.ts";
import type { GroupBy } from "./select_definition.ts";
import { isRecord } from "./target.ts";

/** One group an event belongs to. */
export interface GroupKey {
  /** The same for the same values; a plain value where there is only one. */
  readonly id: unknown;
  /** Its values. */
  readonly values: readonly unknown[];
}

/** The groups an event belongs to, valid until the next event; none when an `each` finds an empty list or none. */
export type GroupKeys = (value: unknown) => readonly GroupKey[];

/** Most groups of one event: lists that an event brings are multiplied, and must not fill the memory. */
const MOST_KEYS = 100_000;

function tooMany(path: string, found: number): CaissonError {
  return new CaissonError("CAISSON_OPERATOR_FAILED", {
    subject: path,
    found: `${found} groups of one event`,
    allowed: `at most ${MOST_KEYS}`,
  });
}

interface Dimension {
  readonly each: boolean;
  readonly of: (value: unknown) => unknown;
}

const everything: readonly GroupKey[] = [{ id: null, values: [] }];

/**
 * Compiles `groupBy`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileGroupBy(definition: GroupBy | undefined, path: string): GroupKeys {
  if (definition === undefined) return () => everything;
  const dimensions = dimensionsOf(definition, path);
  const [first] = dimensions;
  if (dimensions.length === 1 && !first!.each) {
    return singleKey(first!.of);
  }
  return (value) => {
    let keys: readonly (readonly unknown[])[] = [[]];
    for (const { each, of } of dimensions) {
      const found = owned(of(value)) ?? null;
      const items: readonly unknown[] = each ? (Array.isArray(found) ? found : []) : [found];
      if (keys.length * items.length > MOST_KEYS) throw tooMany(path, keys.length * items.length);
      keys = keys.flatMap((key) => items.map((item) => [...key, item]));
    }
    return keys.map((values) => ({ id: values.map(keyOf).join(), values }));
  };
}

/** The usual case: one value. The same key is filled again for each event; who keeps it copies it. */
function singleKey(of: (value: unknown) => unknown): GroupKeys {
  let found: unknown;
  const key = {
    id: undefined as unknown,
    get values(): readonly unknown[] {
      return [found];
    },
  };
  const keys: readonly GroupKey[] = [key];
  return (value) => {
    found = owned(of(value)) ?? null;
    key.id = idOf(found);
    return keys;
  };
}

function dimensionsOf(definition: GroupBy, path: string): Dimension[] {
  if (!isRecord(definition)) return [dimension(definition, path)];
  const keys = Object.keys(definition);
  if (keys.length === 1 && keys[0] === "each") return [dimension(definition, path)];
  const { set } = definition as { readonly set?: unknown };
  if (keys.length !== 1 || !Array.isArray(set) || set.length === 0) {
    throw invalid(path, JSON.stringify(definition), 'an expression, { "set": [ … ] } or { "each": … }');
  }
  return set.map((item, index) => dimension(item, `${path}.set[${index}]`));
}

function dimension(definition: unknown, path: string): Dimension {
  if (!isRecord(definition)) return { each: false, of: compileKey(definition, path) };
  if (Object.keys(definition).join() !== "each") throw invalid(path, JSON.stringify(definition), '{ "each": … }');
  return {
    each: true,
    of: compileKind(definition["each"], `${path}.each`, ["list"], 'a list, such as ["field", "tags"]'),
  };
}

/** A plain value stands for itself; a list or record for its text, kept apart from any text an event may bring. */
function idOf(value: unknown): unknown {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\u0000${keyOf(value)}` : value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return typeof value === "object" && value !== null ? `\u0000${keyOf(value)}` : value;
}

/** The group as expressions see it: its values, then their JSON text. */
export function groupValue(values: readonly unknown[]): unknown[] {
  return [...values, JSON.stringify(values, (_, value) => typeof value === "bigint" ? Number(value) : value)];
}
