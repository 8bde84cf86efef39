/** What a plugin may really touch: what it asks for and the operator grants, and nothing else. @module */
import { isAbsolute, relative, resolve, SEPARATOR } from "@std/path";
import type { PermissionRequests } from "../runtime/manifest/manifest.ts";
import type { GrantedPermissions } from "./grants.ts";
import { realPathOf } from "./real_path.ts";
import { formatNet, type NetAddress, parseNet, type PermissionKey, permissionKeys } from "./values.ts";

/**
 * Permissions in the form `new Worker` takes. Every key of Deno is there: a key left out or misspelt could mean
 * everything.
 */
export interface EffectivePermissions {
  /** Hosts. */
  readonly net: false | string[];
  /** Paths; always holds the plugin's own folder. */
  readonly read: false | string[];
  /** Paths. */
  readonly write: false | string[];
  /** Environment variables. */
  readonly env: false | string[];
  /** Kinds of system information. */
  readonly sys: false | string[];
  /** Never granted. */
  readonly run: false;
  /** Never granted. */
  readonly ffi: false;
  /** Never granted. */
  readonly import: false;
}

/** A value that was asked for or granted and is not, or only partly, effective. */
export interface Difference {
  /** Permission. */
  readonly key: PermissionKey;
  /** The value as the manifest or the grant has it. */
  readonly value: string;
  /** Who stands against it. */
  readonly refusedBy: "manifest" | "grant";
  /** The same as a sentence. */
  readonly text: string;
}

/** The permissions of a plugin, and how they came to be less than what somebody wrote. */
export interface Effective {
  /** For `new Worker`. */
  readonly permissions: EffectivePermissions;
  /** What was left out. */
  readonly explain: readonly Difference[];
}

/** What {@linkcode effectivePermissions} intersects. */
export interface EffectiveOptions {
  /** What the manifest asks for. */
  readonly requests?: PermissionRequests | undefined;
  /** What the operator grants; nothing without it. */
  readonly granted?: GrantedPermissions | undefined;
  /** The plugin's own folder, which it may always read. */
  readonly pluginFolder: string;
}

/** How values of one key compare; a path or host can lie within another. */
export interface Comparison {
  /** The value that both allow, or `undefined`. */
  meet(request: string, grant: string): string[];
  /** Whether `inner` allows nothing that `outer` does not. */
  within(inner: string, outer: string): boolean;
}

/**
 * Intersects manifest and grant.
 *
 * A request of `true` takes what the operator lists. Paths are compared after links are resolved; where a path is
 * spelled through a link, both spellings are in the result, because Deno compares the spelling.
 */
export async function effectivePermissions(
  options: EffectiveOptions,
): Promise<Effective> {
  const { requests = {}, granted = {}, pluginFolder } = options;
  const explain: Difference[] = [];
  const lists: Record<PermissionKey, false | string[]> = {
    net: false,
    read: false,
    write: false,
    env: false,
    sys: false,
  };
  for (const key of permissionKeys) {
    const asked = absolute(key, requests[key], pluginFolder);
    const own = key === "read" && asked !== true ? asked.filter((path) => isInside(path, pluginFolder)) : [];
    const wanted = asked === true ? true : asked.filter((path) => !own.includes(path));
    const compare = await comparison(key, [...wanted === true ? [] : wanted, ...granted[key] || []]);
    const held = intersect(key, wanted, granted[key], compare, explain);
    if (key === "read") held.push(pluginFolder);
    lists[key] = held.length === 0 ? false : [...new Set(held)].sort();
  }
  return {
    permissions: { ...lists, run: false, ffi: false, import: false },
    explain,
  };
}

function absolute(
  key: PermissionKey,
  asked: true | readonly string[] | undefined,
  folder: string,
): true | readonly string[] {
  if (asked === true || asked === undefined) return asked ?? [];
  return key === "read" || key === "write" ? asked.map((path) => resolve(folder, path)) : asked;
}

function intersect(
  key: PermissionKey,
  wanted: true | readonly string[],
  granted: false | readonly string[] | undefined,
  compare: Comparison,
  explain: Difference[],
): string[] {
  const grants = granted || [];
  if (wanted === true) {
    if (grants.length === 0) explain.push(difference(key, "true", "grant"));
    return grants.flatMap((grant) => compare.meet(grant, grant));
  }
  const both: string[] = [];
  for (const request of wanted) {
    both.push(...grants.flatMap((grant) => compare.meet(request, grant)));
    if (!grants.some((grant) => compare.within(request, grant))) {
      explain.push(difference(key, request, "grant"));
    }
  }
  for (const grant of grants) {
    if (!wanted.some((request) => compare.within(grant, request))) {
      explain.push(difference(key, grant, "manifest"));
    }
  }
  return both;
}

const sentences: Readonly<
  Record<Difference["refusedBy"], (text: string) => string>
> = {
  manifest: (text) => `${text} is granted, but the plugin does not ask for it`,
  grant: (text) => `${text} is asked for, but not, or only partly, granted`,
};

function difference(
  key: PermissionKey,
  value: string,
  refusedBy: Difference["refusedBy"],
): Difference {
  return {
    key,
    value,
    refusedBy,
    text: sentences[refusedBy](`${key} ${value}`),
  };
}

/** How the values of a key compare. @param values everything that will be compared, for their real paths */
export async function comparison(key: PermissionKey, values: readonly string[]): Promise<Comparison> {
  switch (key) {
    case "net":
      return hosts;
    case "read":
    case "write":
      return await paths(values);
    case "env":
    case "sys":
      return exact;
  }
}

const exact: Comparison = {
  meet: (request, grant) => request === grant ? [request] : [],
  within: (inner, outer) => inner === outer,
};

function address(value: string): NetAddress | undefined {
  const parsed = parseNet(value);
  return typeof parsed === "string" ? undefined : parsed;
}

const hosts: Comparison = {
  meet(request, grant) {
    const a = address(request);
    const b = address(grant);
    if (a === undefined || b === undefined || a.host !== b.host) return [];
    if (a.port === undefined) return [formatNet(b)];
    return b.port === undefined || b.port === a.port ? [formatNet(a)] : [];
  },
  within(inner, outer) {
    const a = address(inner);
    const b = address(outer);
    return a !== undefined && b !== undefined && a.host === b.host &&
      (b.port === undefined || a.port === b.port);
  },
};

/** Whether `path` is `folder` or lies below it; both absolute and normal. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${SEPARATOR}`) && !isAbsolute(way);
}

async function paths(all: readonly string[]): Promise<Comparison> {
  const real = new Map<string, string>();
  for (const path of all) real.set(path, await realPathOf(path));
  const at = (path: string) => real.get(path) ?? path;
  const within = (inner: string, outer: string) => isInside(at(inner), at(outer));
  return {
    within,
    meet(request, grant) {
      if (within(request, grant)) return [request, at(request)];
      if (within(grant, request)) return [grant, at(grant)];
      return [];
    },
  };
}
