/** What a new version asks and brings that the approved one did not, in words an operator decides by. @module */
import { sha256 } from "../ffi/sha256.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";
import { isOlder } from "../runtime/manifest/semver.ts";
import type { LockedPlugin, LockedVersion } from "./lock.ts";
import { permissionKeys } from "./values.ts";

/** One difference between what is approved and what waits. */
export interface LockChange {
  /** Whether the new version could do more than the approved one. */
  readonly widens: boolean;
  /** `+`, `-` or `~` and what it is about. */
  readonly text: string;
}

/** What a manifest asks for and provides, a line each, sorted. Reasons are left out: words widen nothing. */
export function requestLines({ permissions, isolation, limits, provides, native }: Manifest): string[] {
  return [
    ...permissionKeys.flatMap((key) => {
      const asked = permissions?.[key];
      if (asked === undefined) return [];
      return asked === true ? [`${key}: the operator decides`] : asked.map((value) => `${key} ${value}`);
    }),
    ...(isolation === undefined ? [] : [`isolation ${isolation}`]),
    ...(limits?.memoryMiB === undefined ? [] : [`memory ${limits.memoryMiB} MiB`]),
    ...provides.map(({ kind, name, interface: version }) => `provides ${kind} ${name} (${version})`),
    ...(native === undefined ? [] : [`native code, C ABI ${native.abi}`]),
  ].sort();
}

/** SHA-256 of request lines. */
export async function requestsHash(lines: readonly string[]): Promise<string> {
  return await sha256(JSON.stringify(lines));
}

/** Lists what is different, what widens first. Never JSON: an operator reads it. */
export function lockChanges(from: LockedPlugin, to: LockedVersion & { readonly source: string }): LockChange[] {
  const { approved } = from;
  const changes: LockChange[] = [];
  const add = (widens: boolean, text: string) => changes.push({ widens, text });
  for (const line of to.requests) {
    if (!approved.requests.includes(line)) add(true, `+ ${shown(line)} (NEW)`);
  }
  if (to.source !== from.source) add(true, `~ comes from ${quote(to.source)}, and not from ${quote(from.source)}`);
  if (to.version === approved.version) {
    add(true, `~ calls itself ${to.version} like the approved one, with other contents`);
  }
  if (isOlder(to.version, approved.version)) add(true, `~ is older: ${to.version} after ${approved.version}`);
  for (const line of approved.requests) if (!to.requests.includes(line)) add(false, `- ${shown(line)}`);
  for (const [path, hash] of Object.entries(to.code)) {
    if (!Object.hasOwn(approved.code, path)) add(false, `+ module ${shown(path)}`);
    else if (approved.code[path] !== hash) add(false, `~ module ${shown(path)}`);
  }
  for (const path of Object.keys(approved.code)) {
    if (!Object.hasOwn(to.code, path)) add(false, `- module ${shown(path)}`);
  }
  if (changes.length === 0) add(false, "~ files that are no code");
  return changes.sort((a, b) => Number(b.widens) - Number(a.widens));
}

/** The author's text as it is where that can do no harm. */
function shown(text: string): string {
  return /^[\w@./:()\[\] ,^+-]*$/.test(text) && text.length <= 200 ? text : quote(text, 200);
}
