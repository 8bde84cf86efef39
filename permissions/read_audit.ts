/** Reads the audit log. @module */
import { join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { type AuditKind, auditKinds, type AuditRecord } from "./audit_event.ts";
import { auditName } from "./audit_log.ts";

/** Which records are wanted. */
export interface AuditFilter {
  /** Only of this plugin. */
  readonly plugin?: string | undefined;
  /** Only of these kinds. @default {all} */
  readonly kinds?: readonly AuditKind[] | undefined;
  /** Only from this moment on, milliseconds since 1970. */
  readonly since?: number | undefined;
}

/** A line of the log: a record, or one that somebody wrote who is not the host. */
export type AuditLine = { readonly record: AuditRecord } | { readonly damaged: string };

/** A place in the log to go on reading from. */
export interface AuditPlace {
  /** Which file: the number the system gives it. */
  readonly ino: number | null;
  /** Bytes of it that were read. */
  readonly offset: number;
}

/** Longest line that is looked at, UTF-16 units. */
const LONGEST = 64_000;

/** Records of the whole log, the oldest first. */
export async function readAudit(folder: string, filter: AuditFilter = {}): Promise<{
  readonly lines: readonly AuditLine[];
  readonly place: AuditPlace;
}> {
  const older = await numberedFiles(folder);
  const lines: AuditLine[] = [];
  for (const number of older) {
    const { text } = await readFrom(join(folder, `audit.${number}.ndjson`), 0);
    lines.push(...linesOf(text, filter));
  }
  const { text, place } = await readFrom(join(folder, auditName), 0);
  lines.push(...linesOf(text, filter));
  return { lines, place };
}

/**
 * What was written since a place.
 *
 * Lines that went into a file that is full and set aside meanwhile are read from there.
 */
export async function readAuditSince(folder: string, from: AuditPlace, filter: AuditFilter = {}): Promise<{
  readonly lines: readonly AuditLine[];
  readonly place: AuditPlace;
}> {
  const now = await readFrom(join(folder, auditName), from.offset, from.ino);
  if (now.place.ino === from.ino) return { lines: linesOf(now.text, filter), place: now.place };
  const rest = from.ino === null ? "" : (await readFrom(join(folder, "audit.1.ndjson"), from.offset, from.ino)).text;
  const fresh = await readFrom(join(folder, auditName), 0);
  return { lines: linesOf(rest + fresh.text, filter), place: fresh.place };
}

async function numberedFiles(folder: string): Promise<number[]> {
  const numbers: number[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const number = /^audit\.([0-9]{1,4})\.ndjson$/.exec(name)?.[1];
      if (number !== undefined) numbers.push(Number(number));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return numbers.sort((a, b) => b - a);
}

/** Whole lines from an offset on; nothing when the file is another one than was expected. */
async function readFrom(
  file: string,
  offset: number,
  expected?: number | null,
): Promise<{ readonly text: string; readonly place: AuditPlace }> {
  try {
    using opened = await Deno.open(file, { read: true });
    const { ino } = await opened.stat();
    if (expected !== undefined && ino !== expected) return { text: "", place: { ino, offset: 0 } };
    await opened.seek(offset, Deno.SeekMode.Start);
    const bytes = await new Response(opened.readable).bytes();
    const end = bytes.lastIndexOf(10) + 1;
    return { text: new TextDecoder().decode(bytes.subarray(0, end)), place: { ino, offset: offset + end } };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { text: "", place: { ino: null, offset: 0 } };
  }
}

function linesOf(text: string, filter: AuditFilter): AuditLine[] {
  return text.split("\n").filter(Boolean).map(parseLine).filter((line) => fits(line, filter));
}

function parseLine(line: string): AuditLine {
  try {
    const value = line.length > LONGEST ? undefined : JSON.parse(line) as Partial<AuditRecord> | null;
    const { time, kind, plugin } = value ?? {};
    if (typeof time === "string" && typeof plugin === "string" && auditKinds.includes(kind!)) {
      return { record: value as AuditRecord };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { damaged: line };
}

function fits(line: AuditLine, { plugin, kinds, since }: AuditFilter): boolean {
  // Whoever filters is shown damage all the same.
  if ("damaged" in line) return true;
  const { record } = line;
  return (plugin === undefined || record.plugin === plugin) && (kinds === undefined || kinds.includes(record.kind)) &&
    (since === undefined || Date.parse(record.time) >= since);
}

/** A moment as people write it: `2026-11-22`, `2026-11-22T10:00`, or `15m`, `2h`, `3d` for so long ago. */
export function parseSince(text: string, now: number = Date.now()): number {
  const ago = /^([0-9]{1,6})([smhd])$/.exec(text);
  const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const moment = ago === null ? Date.parse(text) : now - Number(ago[1]) * units[ago[2]!]!;
  if (Number.isFinite(moment)) return moment;
  throw new CaissonError("CAISSON_USAGE", {
    subject: "caisson audit",
    found: `--since ${text}`,
    allowed: "a moment such as 2026-11-22T10:00, or 15m, 2h, 3d for so long ago",
  });
}
