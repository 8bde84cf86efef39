/** Which columns a table gets, and how values of an event become values of SQLite. @module */
import { CaissonError } from "../../errors/caisson_error.ts";
import { quote } from "../../manifest/untrusted_text.ts";
import { compileExpression, parseExpression } from "../../pipeline/expression.ts";

/** A value SQLite stores. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** One column of the table. */
export interface SqliteColumn {
  /** Its name, as it is. */
  readonly name: string;
  /** Its declared type, or an empty text: values stay what they are. */
  readonly type: string;
  /** Reads its value from an event's value. */
  readonly read: (value: unknown) => unknown;
}

/** An identifier of SQL, in double quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Reads the option `columns`: a list of fields, or column names with a field each, or with a field and a type.
 *
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function columnsOf(option: unknown, subject: string): SqliteColumn[] {
  const entries: [string, unknown][] = Array.isArray(option)
    ? option.map((name: unknown) => [String(name), [name]])
    : Object.entries(option as Record<string, unknown>);
  if (entries.length === 0) throw invalid(subject, "no column", "at least one");
  const columns = entries.map(([name, given]) => columnOf(name, given, `${subject}.${name}`));
  const seen = new Set<string>();
  for (const { name } of columns) {
    // SQLite takes names that differ in case for the same.
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw invalid(subject, `${quote(name)} twice`, "each column once");
    }
    seen.add(key);
  }
  return columns;
}

function columnOf(name: string, given: unknown, subject: string): SqliteColumn {
  // SQLite ends an identifier at NUL, in quotes or not.
  if (name === "" || name.includes("\0")) {
    throw invalid(subject, quote(name), "a name without NUL");
  }
  const { field, type = "" } = typeof given === "object" && given !== null && !Array.isArray(given)
    ? given as { field?: unknown; type?: string }
    : { field: given };
  const expression = parseExpression(["field", field ?? [name]], subject);
  return { name, type, read: compileExpression(expression) };
}

function invalid(
  subject: string,
  found: string,
  allowed: string,
): CaissonError {
  return new CaissonError("CAISSON_CONFIG_INVALID", {
    subject,
    found,
    allowed,
  });
}

const LARGEST = 2n ** 63n - 1n;

/**
 * Turns a value into one SQLite stores: true and false become 1 and 0, objects and lists JSON, dates ISO 8601, what is
 * absent NULL.
 *
 * @throws {CaissonError} `CAISSON_SINK_FAILED` for a value that would be stored as something else
 */
export function sqlValue(value: unknown, column: string): SqlValue {
  switch (typeof value) {
    case "undefined":
      return null;
    case "string":
      return value;
    case "boolean":
      return value ? 1n : 0n;
    case "number":
      // SQLite would store NULL without a word.
      if (Number.isNaN(value)) break;
      // A JavaScript number is bound as a float: a text column would hold "200.0".
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case "bigint":
      if (value > LARGEST || value < -LARGEST - 1n) break;
      return value;
    case "object":
      if (value === null || value instanceof Uint8Array) return value;
      if (value instanceof Date && Number.isNaN(value.getTime())) break;
      return value instanceof Date ? value.toISOString() : JSON.stringify(value);
  }
  throw new CaissonError("CAISSON_SINK_FAILED", {
    subject: `column ${quote(column)}`,
    found: typeof value === "bigint" || typeof value === "number" ? String(value) : `a ${typeof value}`,
    allowed: "text, bytes, a number of at most 64 bits, true, false or JSON",
  });
}
