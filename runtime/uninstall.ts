/** Takes an installed plugin out of the lock and the store. @module */
import { exclusively } from "../permissions/exclusive.ts";
import { type LockedPlugin, readLock, writeLock } from "../permissions/lock.ts";
import { removeTree, storedFolder } from "../permissions/store.ts";
import { CaissonError } from "./errors/caisson_error.ts";
import type { InstallPlaces } from "./install.ts";

/** What was uninstalled. */
export interface Uninstalled {
  /** Name of the plugin. */
  readonly name: string;
  /** The version that was approved. */
  readonly version: string;
  /** Hashes of the packages that left the store. */
  readonly removed: readonly string[];
}

/**
 * Takes a plugin out of the lock, and what it has in the store out of there: the approved version, one that waits, and earlier
 * ones. A package that another entry of the lock names stays. The grant file is the operator's and is not touched.
 *
 * @throws {CaissonError} `CAISSON_NOT_INSTALLED` for what is not installed, `CAISSON_LOCK_INVALID`
 */
export async function uninstallPlugin(options: InstallPlaces & { readonly plugin: string }): Promise<Uninstalled> {
  const { plugin, lock, store, audit } = options;
  return await exclusively(store, async () => {
    const entries = new Map((await readLock(lock)).plugins);
    const entry = entries.get(plugin);
    if (entry === undefined) {
      throw new CaissonError("CAISSON_NOT_INSTALLED", {
        subject: plugin,
        found: "it is not installed",
        allowed: entries.size === 0 ? "nothing: nothing is installed" : [...entries.keys()].join(", "),
      });
    }
    entries.delete(plugin);
    // First the lock: a package that nothing names is no harm, a name without its package is.
    await writeLock(lock, entries);
    const kept = new Set([...entries.values()].flatMap(hashesOf));
    const removed = hashesOf(entry).filter((hash) => !kept.has(hash));
    for (const hash of removed) await removeTree(storedFolder(store, hash));
    const { version, hash } = entry.approved;
    audit.write({ kind: "uninstall", plugin, version, hash });
    return { name: plugin, version, removed };
  });
}

function hashesOf({ approved, pending, earlier = [] }: LockedPlugin): string[] {
  return [...new Set([approved, ...(pending === undefined ? [] : [pending]), ...earlier].map(({ hash }) => hash))];
}
