/** Reads the text of a table: CSV, JSON or a JSON record a line. @module */
import type { Codec } from "../../codec/codec.ts";
import { csvCodec } from "../../codec/csv.ts";
import { json } from "../../codec/json.ts";
import { isMembers, setMember } from "../../codec/plain_object.ts";
import { CaissonError } from "../../errors/caisson_error.ts";
import type { TableFileDefinition } from "./step_definition.ts";

/** How a table is written. */
export type TableFormat = "csv" | "json" | "ndjson";

type Refuse = (line: number | undefined, found: string, allowed: string, cause?: unknown) => CaissonError;

/**
 * The entries by their keys.
 *
 * @param path of the definition in its flow
 * @throws {CaissonError} `CAISSON_TABLE_UNREADABLE` with the line
 */
export function parseTable(
  bytes: Uint8Array,
  format: TableFormat,
  definition: TableFileDefinition,
  path: string,
): ReadonlyMap<string, unknown> {
  const refuse: Refuse = (line, found, allowed, cause) =>
    new CaissonError("CAISSON_TABLE_UNREADABLE", {
      subject: `${path}: ${definition.path}${line === undefined ? "" : `:${line}`}`,
      found,
      allowed,
      ...(cause === undefined ? {} : { cause }),
    });
  if (format === "json") return ofJson(bytes, definition, refuse);
  const rows = format === "csv" ? csvRows(bytes, definition.numbers ?? [], refuse) : lineRows(bytes, refuse);
  return byKey(rows, definition, refuse);
}

function ofJson(bytes: Uint8Array, definition: TableFileDefinition, refuse: Refuse): ReadonlyMap<string, unknown> {
  const value = decoded(json, bytes, undefined, refuse);
  if (definition.key === undefined) {
    if (!isMembers(value)) throw refuse(undefined, "no record", "a record, or a list of records and the key of each");
    return new Map(Object.entries(value));
  }
  if (!Array.isArray(value)) throw refuse(undefined, "no list", "a list of records, or a record and no key");
  return byKey(value.map((row, index) => [index + 1, row, `item ${index + 1}, which is `]), definition, refuse);
}

/** Lines and what stands there; an item of a JSON file has no line, but says which it is. */
type Placed = readonly [line: number, row: unknown, item?: string];

function byKey(
  rows: Iterable<Placed>,
  { key, value }: TableFileDefinition,
  refuse: Refuse,
): ReadonlyMap<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const [at, row, item] of rows) {
    const line = item === undefined ? at : undefined;
    if (!isMembers(row)) throw refuse(line, `${item ?? ""}${typeName(row)}`, "a record");
    const id = Object.hasOwn(row, key!) ? row[key!] : undefined;
    if (typeof id !== "string" && typeof id !== "number" && typeof id !== "boolean" && typeof id !== "bigint") {
      throw refuse(line, `${item ?? ""}a record without ${JSON.stringify(key)}`, "a text or number in that field");
    }
    if (value === undefined) entries.set(String(id), row);
    else if (Object.hasOwn(row, value)) entries.set(String(id), row[value]);
    else throw refuse(line, `${item ?? ""}a record without ${JSON.stringify(value)}`, "that field");
  }
  return entries;
}

function typeName(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Space, tab and line ends: a line of them is an empty one. */
const JSON_SPACE: readonly number[] = [0x20, 0x09, 0x0d, 0x0a];

function* lineRows(bytes: Uint8Array, refuse: Refuse): Generator<Placed> {
  let line = 0;
  for (const each of linesOf(bytes)) {
    line++;
    if (each.every((byte) => JSON_SPACE.includes(byte))) continue;
    yield [line, decoded(json, each, line, refuse)];
  }
}

const csv = csvCodec("csv", ",");

function* csvRows(bytes: Uint8Array, numbers: readonly string[], refuse: Refuse): Generator<Placed> {
  let header: readonly string[] | undefined;
  for (const [line, record] of csvRecords(bytes)) {
    const fields = decoded(csv, record, line, refuse) as string[];
    if (header === undefined) {
      header = fields;
      if (new Set(fields).size < fields.length) throw refuse(line, "a field named twice", "each name once");
      const unknown = numbers.find((name) => !fields.includes(name));
      if (unknown !== undefined) throw refuse(line, `no field ${JSON.stringify(unknown)}`, fields.join(", "));
      continue;
    }
    if (fields.length !== header.length) {
      throw refuse(line, `${fields.length} fields`, `${header.length} fields, as the first record has`);
    }
    const row: Record<string, unknown> = {};
    for (const [index, name] of header.entries()) {
      const text = fields[index]!;
      if (!numbers.includes(name)) setMember(row, name, text);
      else if (text.trim() === "") continue;
      else if (Number.isNaN(Number(text))) throw refuse(line, `${name} ${JSON.stringify(text)}`, "a number");
      else setMember(row, name, Number(text));
    }
    yield [line, row];
  }
}

/** Lines, put together where a quoted field goes on in the next. */
function* csvRecords(bytes: Uint8Array): Generator<readonly [line: number, record: Uint8Array]> {
  const text = hasMark(bytes) ? bytes.subarray(3) : bytes;
  let line = 1;
  let begins = 1;
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === 0x22) quoted = !quoted;
    if (text[at] !== 0x0a) continue;
    line++;
    if (quoted) continue;
    const record = text.subarray(from, at);
    from = at + 1;
    if (!csv.skips!(record)) yield [begins, record];
    begins = line;
  }
  if (from < text.length && !csv.skips!(text.subarray(from))) yield [begins, text.subarray(from)];
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, from);
    const next = end < 0 ? bytes.length : end;
    yield bytes.subarray(from, next);
    from = next + 1;
  }
}

function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function decoded(codec: Codec, bytes: Uint8Array, line: number | undefined, refuse: Refuse): unknown {
  try {
    return codec.decode(bytes);
  } catch (error) {
    const { found, allowed } = error as CaissonError;
    throw refuse(line, found, allowed, error);
  }
}
