/** How errors look, on a terminal and as JSON. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { errorsIn } from "../errors/report.ts";
import { escapeControls } from "./escape_controls.ts";

/** Errors that are shown at once. */
const MOST_SHOWN = 20;

/** Deno's own text when a permission is missing; imports hide the error's class behind it. */
const refused = /Requires (\w+) access to (.+?), run again with the (--allow-[a-z-]+) flag/;

/** Makes an error with a code out of whatever was thrown. */
export function asCaissonError(thrown: unknown): CaissonError {
  const missing = hostPermission(thrown);
  // The inner one names the flag; the outer one knows only that something did not load.
  if (missing !== undefined && !(thrown instanceof CaissonError && thrown.exitCode === 4)) return missing;
  if (thrown instanceof CaissonError) return thrown;
  const stack = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
  return new CaissonError("CAISSON_INTERNAL", { subject: "caisson", found: stack, cause: thrown });
}

/** A refusal of Deno's somewhere in the chain of causes. */
function hostPermission(thrown: unknown): CaissonError | undefined {
  const chain: unknown[] = [];
  // A chain can be a circle.
  for (let at = thrown; at !== undefined && !chain.includes(at); at = at instanceof Error ? at.cause : undefined) {
    chain.push(at);
  }
  for (const error of chain) {
    const match = refused.exec(messageOf(error));
    if (match === null) continue;
    const [, , what = "", flag = ""] = match;
    const value = /^"(.*)"$/.exec(what)?.[1];
    const full = value === undefined ? flag : `${flag}=${value}`;
    return new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: "host process",
      found: `no ${flag.slice("--allow-".length)} access to ${value ?? what}`,
      allowed: full,
      action: `Start the host with ${full}; caisson flags FLOW prints every flag of a flow at once.`,
      cause: thrown,
    });
  }
  return undefined;
}

/** What is shown of an error that stands for several: each, first things first. No newline at the end. */
export function formatErrors(error: CaissonError, colour = false): string {
  const errors = errorsIn(error);
  const shown = errors.slice(0, MOST_SHOWN).map((each) => formatError(each, colour));
  const more = errors.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** The lines for people: what is wrong, what is allowed, what to do next. No newline at the end. */
export function formatError(error: CaissonError, colour = false): string {
  const paint = (code: number, text: string): string => colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  // Only the first line of a text stands where our own words stand, so that no other can pose as one of them.
  const indent = (text: string): string => escapeControls(text).replaceAll("\n", "\n  | ");
  const lines = [`${paint(31, `error[${error.code}]`)}: ${indent(error.subject)}: ${indent(error.found)}`];
  if (error.allowed !== "") lines.push(`  allowed: ${indent(error.allowed)}`);
  lines.push(`  ${paint(36, "next")}: ${indent(error.action)}`);
  return lines.join("\n");
}
