/** Plugins of a lock, as they lie in the store. @module */
import { type LockedPlugin, readLock } from "../permissions/lock.ts";
import { requestLines, requestsHash } from "../permissions/lock_changes.ts";
import { storedFolder } from "../permissions/store.ts";
import { verifyTree } from "../permissions/tree_hash.ts";
import { CaissonError, messageOf } from "./errors/caisson_error.ts";
import type { Discovery, Refusal } from "./manifest/discover.ts";
import type { Manifest, PluginPackage } from "./manifest/manifest.ts";
import { readManifest } from "./manifest/parse_manifest.ts";
import { readRefused } from "./manifest/read_json.ts";

/** Where installed plugins are. */
export interface InstalledPlaces {
  /** The lock file. */
  readonly lock: string;
  /** The store. */
  readonly store: string;
  /** Only these, by name. @default {all} */
  readonly only?: readonly string[] | undefined;
}

/**
 * Finds the approved version of every installed plugin. One whose files are not those that were approved is refused.
 *
 * @throws {CaissonError} `CAISSON_LOCK_INVALID` or `CAISSON_HOST_PERMISSION` for the lock itself
 */
export async function installedPlugins({ lock, store, only }: InstalledPlaces): Promise<Discovery> {
  const packages: PluginPackage[] = [];
  const refusals: Refusal[] = [];
  for (const [name, { approved }] of (await readLock(lock)).plugins) {
    if (only !== undefined && !only.includes(name)) continue;
    const folder = storedFolder(store, approved.hash);
    let manifest: Manifest | undefined;
    try {
      await verifyTree(folder, approved.hash);
      const found = await readManifest(folder);
      manifest = found.manifest;
      await checkLocked(name, approved, found, lock);
      packages.push({ ...found, treeHash: approved.hash });
    } catch (thrown) {
      const error = asRefusal(folder, thrown);
      refusals.push(manifest === undefined ? { folder, error } : { folder, error, manifest });
    }
  }
  return { packages, refusals };
}

/** The lock is what an operator reads: it must not say less than what runs. */
async function checkLocked(
  name: string,
  approved: LockedPlugin["approved"],
  found: PluginPackage,
  lock: string,
): Promise<void> {
  const { manifest, manifestSha256 } = found;
  const lines = requestLines(manifest);
  const problem = manifest.name !== name
    ? `it stands under ${name}, and is ${manifest.name}`
    : manifest.version !== approved.version
    ? `it has version ${approved.version}, and is ${manifest.version}`
    : manifestSha256 !== approved.manifest
    ? "its manifest has another hash"
    : JSON.stringify(lines) !== JSON.stringify(approved.requests) ||
        await requestsHash(lines) !== approved.requestsHash
    ? "it asks for something else than the lock says"
    : undefined;
  if (problem === undefined) return;
  throw new CaissonError("CAISSON_LOCK_INVALID", {
    subject: `${lock}: ${name}`,
    found: problem,
    allowed: "what was approved",
  });
}

function asRefusal(folder: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  if (thrown instanceof Deno.errors.NotCapable) return readRefused(folder, thrown);
  return new CaissonError("CAISSON_INTERNAL", { subject: folder, found: messageOf(thrown), cause: thrown });
}
