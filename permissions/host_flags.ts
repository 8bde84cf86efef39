/** The flags a host process needs, no more and no less. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import type { EffectivePermissions } from "./effective.ts";
import { isInside } from "./effective.ts";
import type { PluginIsolation } from "./grants.ts";
import { permissionKeys } from "./values.ts";

/** Permissions a host process can be started with. */
export type HostKey = "read" | "write" | "net" | "env" | "sys" | "run" | "ffi";

const hostKeys: readonly HostKey[] = [
  "read",
  "write",
  "net",
  "env",
  "sys",
  "run",
  "ffi",
];

/** What a plugin asks of the process that hosts it. */
export interface PluginNeeds {
  /** Where its code runs. */
  readonly isolation: PluginIsolation;
  /** Real path of its folder. */
  readonly folder: string;
  /** What it may touch. */
  readonly permissions: EffectivePermissions;
}

/** Everything a host process needs. */
export interface HostNeeds {
  /** Permissions of the host itself: flow files, grant file, plugin folders, files of builtin connectors. */
  readonly own?: { readonly [Key in HostKey]?: readonly string[] };
  /** Its plugins. */
  readonly plugins?: readonly PluginNeeds[];
}

/** Permissions of a host process, complete, sorted, without what another entry covers. */
export type HostPermissions = Readonly<Record<HostKey, readonly string[]>>;

/** Gathers what a host process has to hold so that its plugins can hold their part of it. */
export function hostPermissions(needs: HostNeeds): HostPermissions {
  const sets = Object.fromEntries(
    hostKeys.map((key) => [key, new Set(needs.own?.[key] ?? [])]),
  ) as Record<HostKey, Set<string>>;
  for (const plugin of needs.plugins ?? []) {
    sets.read.add(plugin.folder);
    if (plugin.isolation === "guard") {
      // The process is given its own permissions; what it is handed by the host is the environment.
      sets.run.add(Deno.execPath());
      for (const name of plugin.permissions.env || []) sets.env.add(name);
    }
    if (plugin.isolation !== "worker") continue;
    for (const key of permissionKeys) {
      for (const value of plugin.permissions[key] || []) sets[key].add(value);
    }
  }
  return Object.fromEntries(
    hostKeys.map((key) => {
      const values = [...sets[key]].sort();
      return [key, isPathKey(key) ? withoutCovered(values) : values];
    }),
  ) as unknown as HostPermissions;
}

function isPathKey(key: HostKey): boolean {
  return key === "read" || key === "write" || key === "ffi";
}

function withoutCovered(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isInside(path, other)));
}

/**
 * The flags for `deno run`, sorted, one for each permission that is needed.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` for a path with a comma
 *
 * @example
 * ```ts
 * import { hostFlags } from "./host_flags.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hostFlags({ own: { read: ["/flows", "/flows/a.json"] } }), ["--allow-read=/flows"]);
 * ```
 */
export function hostFlags(needs: HostNeeds): string[] {
  const permissions = hostPermissions(needs);
  return hostKeys
    .filter((key) => permissions[key].length > 0)
    .map((key) => `--allow-${key}=${joined(permissions[key])}`);
}

/** Deno splits lists at commas and has no way to write one: such a flag would mean other paths. */
function joined(values: readonly string[]): string {
  const unsayable = values.find((value) => value.includes(","));
  if (unsayable === undefined) return values.join(",");
  throw new CaissonError("CAISSON_HOST_PERMISSION", {
    subject: unsayable,
    found: "a path with a comma, which no flag of Deno's can express",
    allowed: "paths without a comma",
    action: "Rename the folder or file, or name another one.",
  });
}

/** A word as a POSIX shell needs it, quoted only where it has to be. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_\/:=.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
