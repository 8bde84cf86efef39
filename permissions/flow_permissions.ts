/** What a plugin may touch in one flow: never more than the plugin itself. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { pathText } from "../runtime/manifest/schema_issue.ts";
import { comparison, type EffectivePermissions } from "./effective.ts";
import type { Grant } from "./grants.ts";
import { type PermissionKey, permissionKeys } from "./values.ts";

/** What {@linkcode flowPermissions} narrows. */
export interface FlowPermissionsOptions {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Its folder, which it may read in every flow. */
  readonly pluginFolder: string;
  /** What it may touch at most. */
  readonly permissions: EffectivePermissions;
  /** The operator's decisions about it. */
  readonly grant: Grant | undefined;
  /** The grant file, for messages. */
  readonly file: string;
}

/**
 * Permissions by name of flow, for flows in which the operator allows less.
 *
 * @throws {CaissonError} `CAISSON_GRANT_INVALID` for a list that is wider than what the plugin is granted
 */
export async function flowPermissions(
  options: FlowPermissionsOptions,
): Promise<ReadonlyMap<string, EffectivePermissions>> {
  const { plugin, pluginFolder, permissions, grant, file } = options;
  const byFlow = new Map<string, EffectivePermissions>();
  for (const [flow, { permissions: narrower }] of Object.entries(grant?.flows ?? {})) {
    const lists: { [Key in PermissionKey]?: false | string[] } = {};
    for (const key of permissionKeys) {
      const wanted = narrower[key];
      if (wanted === undefined) continue;
      const granted = grant?.permissions?.[key] || [];
      const held = permissions[key] || [];
      const compare = await comparison(key, [...wanted || [], ...granted, ...held]);
      for (const [index, value] of (wanted || []).entries()) {
        if (granted.some((each) => compare.within(value, each))) continue;
        throw new CaissonError("CAISSON_GRANT_INVALID", {
          subject: `${file}: ${pathText(["plugins", plugin, "flows", flow, "permissions", key, index])}`,
          found: `${value}, which the plugin is not granted`,
          allowed: granted.length === 0 ? "nothing: a flow can only narrow" : granted.join(", "),
          action: "Grant it to the plugin itself as well, or remove it here: a flow can only narrow.",
        });
      }
      const both = (wanted || []).flatMap((value) => held.flatMap((each) => compare.meet(value, each)));
      if (key === "read") both.push(pluginFolder);
      lists[key] = both.length === 0 ? false : [...new Set(both)].sort();
    }
    byFlow.set(flow, { ...permissions, ...lists });
  }
  return byFlow;
}
