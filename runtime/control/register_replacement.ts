/** Registers another version of a plugin in place of the one there is. @module */
import type { Grants } from "../../permissions/grants.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { type InstalledPlaces, installedPlugins } from "../installed_plugins.ts";
import { discover } from "../manifest/discover.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Repository } from "../repository.ts";
import { replaceFailed } from "./require_shape.ts";

/** What {@linkcode registerReplacement} needs. */
export interface RegisterReplacementOptions {
  /** Where it is registered. */
  readonly repository: Repository;
  /** What is registered now. */
  readonly old: RegisteredPlugin;
  /** Where the other version is. @default {where the old one is; of an installed plugin, what is approved now} */
  readonly folder: string | undefined;
  /** Where installed plugins are. */
  readonly installed: InstalledPlaces | undefined;
  /** What is granted. */
  readonly grants: Grants;
}

/** What was registered. */
export interface RegisteredReplacement {
  /** The new version. */
  readonly plugin: RegisteredPlugin;
  /** Puts the old one back. */
  readonly undo: () => void;
}

/**
 * Checks the other version as any plugin is checked, against the same grants. What is refused changes nothing.
 *
 * @throws {CaissonError} the refusal; `CAISSON_REPLACE_FAILED` for a plugin of another name, and for an installed plugin
 * that was to be replaced by a folder: what is approved is decided by its hash
 */
export async function registerReplacement(options: RegisterReplacementOptions): Promise<RegisteredReplacement> {
  const { repository, old, folder, installed, grants } = options;
  const { name } = old.package.manifest;
  const isInstalled = old.package.treeHash !== undefined;
  if (isInstalled && folder !== undefined) {
    throw new CaissonError("CAISSON_REPLACE_FAILED", {
      subject: name,
      found: "a folder in place of an installed plugin",
      allowed: "the version that caisson.lock approves",
      action: "Install it, approve its hash, and replace it without a folder.",
    });
  }
  const { packages, refusals } = isInstalled && installed !== undefined
    ? await installedPlugins({ ...installed, only: [name] })
    : await discover({ plugins: [folder ?? old.package.folder] });
  const found = packages[0];
  if (found === undefined) throw refusals[0]?.error ?? replaceFailed(name, "no plugin there any more");
  if (found.manifest.name !== name) throw replaceFailed(name, `plugin ${found.manifest.name}`, name);
  const plugin = await repository.exchange(found, grants);
  return { plugin, undo: () => repository.restore(old) };
}
