/** What events ask of a connector `kv`, and what it answers. @module */
import type { KvTable } from "./kv_table.ts";

/** Longest key, UTF-16 units. */
const KEY_LENGTH = 1024;
/** Most entries a scan gives. */
const SCAN_ENTRIES = 1000;

const FORMS: Readonly<Record<string, readonly string[]>> = {
  get: ["key"],
  put: ["key", "value"],
  swap: ["key", "value"],
  cas: ["key", "old", "value"],
  delete: ["key"],
  scan: ["start", "end", "limit"],
};

/** A command that was checked. */
export interface KvCommand {
  /** What to do. */
  readonly op: string;
  /** With what. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All commands, for messages. */
export const kvCommands =
  '{"op": "get" | "put" | "swap" | "cas" | "delete", "key": text, "value": …, "old": …} or {"op": "scan", "start": text, "end": text, "limit": 1 to 1000}, with a "tag" of yours if you like';

/** Reads a command; `undefined` when it is none. */
export function readKvCommand(value: unknown): KvCommand | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const { op } = fields;
  const known = typeof op === "string" && Object.hasOwn(FORMS, op) ? FORMS[op]! : undefined;
  if (known === undefined || Object.keys(fields).some((name) => !["op", "tag", ...known].includes(name))) {
    return undefined;
  }
  if (op === "scan") return isScan(fields) ? { op, fields } : undefined;
  const needsValue = op === "put" || op === "swap" || op === "cas";
  if (!isKey(fields["key"]) || (needsValue && fields["value"] === undefined)) return undefined;
  return { op: op as string, fields };
}

function isKey(key: unknown): key is string {
  return typeof key === "string" && key !== "" && key.length <= KEY_LENGTH;
}

function isScan({ start = "a", end = "a", limit = 1 }: Readonly<Record<string, unknown>>): boolean {
  return (start === "" || isKey(start)) && isKey(end) && Number.isInteger(limit) && limit as number >= 1 &&
    limit as number <= SCAN_ENTRIES;
}

/** Does what a command says, and gives the answer. */
export function runKvCommand(table: KvTable, { op, fields }: KvCommand): Readonly<Record<string, unknown>> {
  const { tag, key: given, value, old, start = "", end, limit = SCAN_ENTRIES } = fields;
  const answer = { op, ...(tag === undefined ? {} : { tag }) };
  if (op === "scan") {
    const entries = table.scan(start as string, end as string | undefined, limit as number);
    return { ...answer, ok: true, entries };
  }
  const key = given as string;
  const found = op === "put" ? undefined : table.get(key);
  const was = {
    ...answer,
    key,
    ok: true,
    found: found !== undefined,
    ...(found === undefined ? {} : { value: found }),
  };
  switch (op) {
    case "get":
      return was;
    case "put":
      table.put(key, value);
      return { ...answer, key, ok: true };
    case "swap":
      table.put(key, value);
      return was;
    case "delete":
      table.delete(key);
      return was;
    default: {
      // An absent `old` asks that there is none yet. What is stored is JSON, and so is what it is compared with.
      const isAsExpected = JSON.stringify(found) === JSON.stringify(old);
      if (isAsExpected) table.put(key, value);
      return { ...was, ok: isAsExpected };
    }
  }
}
