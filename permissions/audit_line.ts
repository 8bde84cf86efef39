/** One record of the audit log as a line that can neither pose as another nor steer a terminal. @module */
import type { AuditRecord } from "./audit_event.ts";

/** Longest text within a line, UTF-16 units. */
const LONGEST_TEXT = 2_000;
/** Most entries of a list within a line. */
const LONGEST_LIST = 64;
/** Longest line without its newline, UTF-16 units: small enough for one atomic append. */
const LONGEST_LINE = 16_000;

// JSON leaves these as they are: DEL, C1 controls, zero-width characters, direction marks, surrogates.
const unseen = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function bounded(_key: string, value: unknown): unknown {
  if (typeof value === "string") return short(value, LONGEST_TEXT);
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value) && value.length > LONGEST_LIST) {
    return [...value.slice(0, LONGEST_LIST), `… and ${value.length - LONGEST_LIST} more`];
  }
  return value;
}

/** The line without its newline; always one JSON object. */
export function auditLine(record: AuditRecord): string {
  const json = JSON.stringify(record, bounded);
  const { time, sequence, pid, kind, plugin } = record;
  const fitting = json.length <= LONGEST_LINE
    ? json
    : JSON.stringify({ time, sequence, pid, kind, plugin, cut: `${json.length} characters` }, bounded);
  return fitting.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
