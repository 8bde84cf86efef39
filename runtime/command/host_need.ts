/** What the host process must be allowed to do, with the reason for each permission. @module */
import { resolve } from "@std/path";
import { type HostKey, hostPermissions } from "../../permissions/host_flags.ts";
import { hostHolds } from "../../permissions/host_permissions.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { denoLine, type LineOptions, permissionFlags, shownPath } from "./deno_line.ts";

/** One permission of the host process. */
export interface HostNeed {
  /** Permission. */
  readonly key: HostKey;
  /** Its value; paths are absolute. */
  readonly value: string;
  /** What it is for. */
  readonly reason: string;
}

/** The need as a flag of Deno's. */
export function flagText({ key, value }: Pick<HostNeed, "key" | "value">): string {
  const path = key === "read" || key === "write" || key === "ffi";
  return `--allow-${key}=${path ? shownPath(value) : value}`;
}

/** Needs this process cannot meet; nobody is asked. */
export function missingNeeds(needs: readonly HostNeed[]): HostNeed[] {
  return needs.filter(({ key, value }) => !hostHolds(key, value));
}

/** The values of each permission, sorted, without what another one covers. */
export function groupNeeds(needs: readonly HostNeed[]): Partial<Record<HostKey, readonly string[]>> {
  const own: { [Key in HostKey]?: string[] } = {};
  for (const { key, value } of needs) (own[key] ??= []).push(value);
  return hostPermissions({ own });
}

/**
 * Checks that this process holds every permission.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` naming all that are missing, with reasons, and the line to start it with
 */
export function requireNeeds(needs: readonly HostNeed[], options: LineOptions): void {
  const missing = missingNeeds(needs);
  if (missing.length === 0) return;
  const line = denoLine(groupNeeds(needs), options);
  const how = options.first === true
    ? "Start it so that it can read these, and every other permission is named at once"
    : "Start it with";
  throw new CaissonError("CAISSON_HOST_PERMISSION", {
    subject: "host process",
    found: missing.map((need) => `no ${flagText(need)} (${need.reason})`).join("; "),
    allowed: permissionFlags(groupNeeds(missing)).join(" "),
    action: `${how}: ${line}`,
  });
}

/** A need to read a path. */
export function readNeed(path: string, reason: string): HostNeed {
  return { key: "read", value: resolve(path), reason };
}

/** Text of a plugin's author, where it stands in a reason. */
export function quoteName(name: string): string {
  return /^[@\w./-]+$/.test(name) ? name : quote(name);
}
