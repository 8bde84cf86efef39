/** The `deno run` line that starts this command line with given permissions. @module */
import { fromFileUrl, isAbsolute, relative, SEPARATOR } from "@std/path";
import { hostFlags, type HostKey, shellQuote } from "../../permissions/host_flags.ts";

/** What a line is made of besides permissions. */
export interface LineOptions {
  /** URL of the command line's main module. */
  readonly program: string;
  /** Words after it. */
  readonly words: readonly string[];
  /** Whether restricted Workers are started. */
  readonly workers?: boolean;
  /** Whether more is found out afterwards: permissions this process holds without any limit are kept. */
  readonly first?: boolean;
}

const keys: readonly HostKey[] = ["read", "write", "net", "env", "sys", "run", "ffi"];

/** The path as a person in the working directory would write it. */
export function shownPath(path: string): string {
  const way = relative(Deno.cwd(), path);
  if (way === "") return ".";
  return way === ".." || way.startsWith(`..${SEPARATOR}`) || isAbsolute(way) ? path : way;
}

/** The line, quoted for a POSIX shell. Paths below the working directory are relative to it. */
export function denoLine(
  permissions: Partial<Record<HostKey, readonly string[]>>,
  { program, words, workers = false, first = false }: LineOptions,
): string {
  const own: { [Key in HostKey]?: readonly string[] } = {};
  const unlimited: string[] = [];
  for (const key of keys) {
    const values = permissions[key] ?? [];
    if (first && Deno.permissions.querySync({ name: key }).state === "granted") unlimited.push(`--allow-${key}`);
    else own[key] = key === "read" || key === "write" || key === "ffi" ? values.map(shownPath) : values;
  }
  const local = program.startsWith("file:");
  return [
    "deno",
    "run",
    // In a clone deno.json sets it. Deno 2.9 ends the process at the first restricted Worker without it.
    ...(workers && !local ? ["--unstable-worker-options"] : []),
    ...unlimited,
    ...hostFlags({ own }),
    local ? shownPath(fromFileUrl(program)) : program,
    ...words,
  ].map(shellQuote).join(" ");
}
