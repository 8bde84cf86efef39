/** `caisson audit`. @module */
import { type AuditKind, auditKinds } from "../../permissions/audit_event.ts";
import { auditLine } from "../../permissions/audit_line.ts";
import { grantsName } from "../../permissions/grants.ts";
import {
  type AuditFilter,
  type AuditLine,
  type AuditPlace,
  parseSince,
  readAudit,
  readAuditSince,
} from "../../permissions/read_audit.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { sleep } from "../connector/sleep.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { escapeControls } from "./escape_controls.ts";
import { readNeed, requireNeeds } from "./host_need.ts";
import { usage } from "./parse_words.ts";
import { standardOutput } from "./terminal.ts";

/** How often is looked for more, milliseconds. */
const LOOK_MS = 300;

/** Shows what plugins did and what was done to them. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const folder = stateFolders(invocation.text("grants") ?? grantsName).audit;
  const { words, program } = invocation;
  requireNeeds([readNeed(folder, "the audit log")], { words, program });
  const filter = filterOf(invocation);
  const { lines, place } = await readAudit(folder, filter);
  if (invocation.flag("follow")) return await follow(invocation, { folder, filter, lines, place });
  return {
    exit: 0,
    text: lines.length === 0 ? "Nothing is recorded." : lines.map(lineText).join("\n"),
    document: { records: lines.flatMap((line) => "record" in line ? [line.record] : []), damaged: damagedOf(lines) },
  };
}

interface Following {
  readonly folder: string;
  readonly filter: AuditFilter;
  readonly lines: readonly AuditLine[];
  readonly place: AuditPlace;
}

/** Shows what is there and what comes, until it is interrupted. With `--json` one record a line. */
async function follow(invocation: Invocation, { folder, filter, lines, place }: Following): Promise<Outcome> {
  const json = invocation.flag("json");
  const show = (line: AuditLine): void =>
    standardOutput.write(
      `${json ? "record" in line ? auditLine(line.record) : JSON.stringify(line) : lineText(line)}\n`,
    );
  const stop = new AbortController();
  const stopped = (): void => stop.abort();
  Deno.addSignalListener("SIGINT", stopped);
  try {
    lines.forEach(show);
    for (let at = place; !stop.signal.aborted;) {
      await sleep(LOOK_MS, stop.signal);
      const next = await readAuditSince(folder, at, filter);
      next.lines.forEach(show);
      at = next.place;
    }
  } finally {
    Deno.removeSignalListener("SIGINT", stopped);
  }
  return { exit: 0, text: "", document: {}, stream: "stderr" };
}

function filterOf(invocation: Invocation): AuditFilter {
  const given = invocation.list("kind");
  const kinds = given.map((text) => {
    const kind = auditKinds.find((each) => each === text);
    if (kind === undefined) throw usage({ name: "audit" }, `--kind ${quote(text)}`, auditKinds.join(", "));
    return kind;
  });
  const since = invocation.text("since");
  return {
    plugin: invocation.positionals[0],
    kinds: kinds.length === 0 ? undefined : kinds as AuditKind[],
    since: since === undefined ? undefined : parseSince(since),
  };
}

function damagedOf(lines: readonly AuditLine[]): number {
  return lines.filter((line) => "damaged" in line).length;
}

/** One line for people. Texts that came from plugins stand last, escaped. */
function lineText(line: AuditLine): string {
  if ("damaged" in line) return `(not written by the host) ${quote(line.damaged, 200)}`;
  const { time, kind, plugin, sequence: _sequence, pid: _pid, ...rest } = line.record;
  const details = Object.entries(rest).map(([key, value]) =>
    `${key} ${Array.isArray(value) ? value.join("; ") : String(value)}`
  );
  return escapeControls([time, kind.padEnd(10), plugin, details.join(", ")].join("  ")).replaceAll(/[\n\t]/g, " ");
}
