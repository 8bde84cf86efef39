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

/** Permissions as flags of Deno's. Paths below the working directory are relative to it. */
export function permissionFlags(permissions: Partial<Record<HostKey, readonly string[]>>): string[] {
  const own: { [Key in HostKey]?: readonly string[] } = {};
  for (const key of keys) {
    const values = permissions[key] ?? [];
    own[key] = key === "read" || key === "write" || key === "ffi" ? values.map(shownPath) : values;
  }
  return hostFlags({ own });
}

/** The line, quoted for a POSIX shell. */
export function denoLine(
  permissions: Partial<Record<HostKey, readonly string[]>>,
  { program, words, workers = false, first = false }: LineOptions,
): string {
  const held = keys.filter((key) => first && Deno.permissions.querySync({ name: key }).state === "granted");
  const rest = Object.fromEntries(
    keys.filter((key) => !held.includes(key)).map((key) => [key, permissions[key] ?? []]),
  );
  return [
    "deno",
    "run",
    // What a plugin was not granted is refused; nobody at the terminal is asked.
    ...(workers ? ["--no-prompt"] : []),
    // In a clone deno.json sets it. Deno 2.9 ends the process at the first restricted Worker without it.
    ...(workers && !program.startsWith("file:") ? ["--unstable-worker-options"] : []),
    ...held.map((key) => `--allow-${key}`),
    ...permissionFlags(rest),
    programText(program),
    ...words,
  ].map(shellQuote).join(" ");
}

/** The main module as `deno run` takes it; a package of a registry by its name and version. */
function programText(program: string): string {
  if (program.startsWith("file:")) return shownPath(fromFileUrl(program));
  const inPackage = /\/(@[a-z0-9-]+\/[a-z0-9-]+)\/([0-9][^/]*)\/main\.ts$/.exec(new URL(program).pathname);
  return inPackage === null ? program : `jsr:${inPackage[1]}@${inPackage[2]}/cli`;
}
