/** Changes a grant file as an operator would, and leaves the rest of it as it is. @module */
import type { Supervision } from "../runtime/manifest/supervision.ts";
import { dirname, join, relative, resolve } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { exclusively, replaceFile } from "./exclusive.ts";
import { type Grant, type GrantedPermissions, parseGrants, type PluginIsolation, readGrants } from "./grants.ts";
import { stateFolderName } from "./state_folder.ts";
import { type PermissionKey, permissionKeys } from "./values.ts";

/** Permissions as they are written: lists, or `false` for refused on purpose. */
export type WrittenPermissions = { [Key in PermissionKey]?: false | readonly string[] };

/** One plugin's entry as it is written. */
export interface WrittenGrant {
  /** Where its code runs. */
  readonly isolation?: PluginIsolation;
  /** What it may touch. */
  readonly permissions?: WrittenPermissions;
  /** Native code without a sandbox. */
  readonly unsandboxed?: boolean;
  /** Less in some flows. */
  readonly flows?: Readonly<Record<string, { readonly permissions: WrittenPermissions }>>;
}

/** A grant file as it is written. */
export interface WrittenGrants {
  /** Version of the format. */
  readonly grants: 1;
  /** Entries by name. */
  readonly plugins: Readonly<Record<string, WrittenGrant>>;
}

/** What an edit led to. */
export interface EditedGrants {
  /** The whole file. */
  readonly text: string;
  /** What is different for the plugin, a line each; empty when nothing is. */
  readonly changes: readonly string[];
}

/** How {@linkcode editGrants} works. */
export interface EditOptions {
  /** The grant file; it may not be there yet. */
  readonly file: string;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Makes the new entry of the old one; `undefined` removes it. */
  readonly edit: (entry: WrittenGrant | undefined) => WrittenGrant | undefined;
  /** Writes nothing. @default {false} */
  readonly dryRun?: boolean;
}

/**
 * Edits one plugin's entry. Whatever is written was checked as it will be when it is read.
 *
 * @throws {CaissonError} `CAISSON_GRANT_INVALID` for the file as it is or as it would be
 */
export async function editGrants({ file, plugin, edit, dryRun = false }: EditOptions): Promise<EditedGrants> {
  const act = async (): Promise<EditedGrants> => {
    // Read by the strict reader first: an edit does not mend a file by leaving out what it does not understand.
    const before = await readGrants(file);
    const written = before.present
      ? JSON.parse(new TextDecoder().decode(await Deno.readFile(file))) as WrittenGrants
      : { grants: 1 as const, plugins: {} };
    const plugins = new Map(Object.entries(written.plugins));
    const entry = edit(plugins.get(plugin));
    if (entry === undefined) plugins.delete(plugin);
    else plugins.set(plugin, entry);
    const after = { ...written, plugins: Object.fromEntries(plugins) };
    const parsed = parseGrants(after, file);
    const changes = grantChanges(before.plugins.get(plugin), parsed.plugins.get(plugin));
    const text = `${JSON.stringify(after, undefined, 2)}\n`;
    if (!dryRun && changes.length > 0) await replaceFile(file, text);
    return { text, changes };
  };
  return dryRun ? await act() : await exclusively(join(dirname(resolve(file)), stateFolderName), act);
}

/** A path as it is best written in the file: relative to it where it lies below. */
export function writtenValue(key: PermissionKey, value: string, file: string): string {
  if (key !== "read" && key !== "write") return value;
  const way = relative(dirname(resolve(file)), resolve(value));
  return way === "" ? "." : way.startsWith("..") ? resolve(value) : way;
}

/** What is different between two entries. */
export function grantChanges(from: Grant | undefined, to: Grant | undefined): string[] {
  const flows = [...new Set([...Object.keys(from?.flows ?? {}), ...Object.keys(to?.flows ?? {})])].sort();
  return [
    ...(from?.isolation === to?.isolation ? [] : [`~ isolation ${to?.isolation ?? "the default"}`]),
    ...((from?.unsandboxed ?? false) === (to?.unsandboxed ?? false)
      ? []
      : [`${to?.unsandboxed ? "+" : "-"} may run without a sandbox`]),
    ...supervisionChanges(from?.supervision, to?.supervision),
    ...listChanges(from?.permissions, to?.permissions, ""),
    ...flows.flatMap((flow) =>
      listChanges(from?.flows?.[flow]?.permissions, to?.flows?.[flow]?.permissions, ` in ${flow}`)
    ),
  ];
}

function supervisionChanges(from: Supervision = {}, to: Supervision = {}): string[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]) as Set<keyof Supervision>;
  return [...keys].filter((key) => from[key] !== to[key]).sort()
    .map((key) => `~ supervision.${key} ${to[key] ?? "the default"}`);
}

function listChanges(
  from: GrantedPermissions | undefined,
  to: GrantedPermissions | undefined,
  where: string,
): string[] {
  return permissionKeys.flatMap((key) => {
    const before = from?.[key];
    const after = to?.[key];
    const added = (after || []).filter((value) => !(before || []).includes(value));
    const removed = (before || []).filter((value) => !(after || []).includes(value));
    const refused = after === false && before !== false ? [`- ${key}, refused on purpose${where}`] : [];
    return [
      ...added.map((value) => `+ ${key} ${value}${where}`),
      ...removed.map((value) => `- ${key} ${value}${where}`),
      ...refused,
    ];
  });
}

/**
 * Takes values out of written lists.
 *
 * @throws {CaissonError} `CAISSON_GRANT_INVALID` for a value that is not there as such
 */
export function withoutValues(
  permissions: WrittenPermissions,
  revoked: ReadonlyMap<PermissionKey, readonly string[]>,
  file: string,
): WrittenPermissions {
  const left = { ...permissions };
  for (const [key, values] of revoked) {
    const held = left[key] || [];
    const same = (one: string, other: string) =>
      key === "read" || key === "write"
        ? resolve(dirname(resolve(file)), one) === resolve(other)
        : one.toLowerCase() === other.toLowerCase();
    for (const value of values) {
      if (held.some((each) => same(each, value))) continue;
      throw new CaissonError("CAISSON_GRANT_INVALID", {
        subject: file,
        found: `no ${key} ${value} among what is granted`,
        allowed: held.length === 0 ? `nothing: no ${key} is granted` : held.join(", "),
        action: "Name a value as it stands in the grant file.",
      });
    }
    const rest = held.filter((each) => !values.some((value) => same(each, value)));
    left[key] = rest.length === 0 ? false : rest;
  }
  return left;
}
