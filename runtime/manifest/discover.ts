/** Finds plugin folders and reads their manifests; nothing of the plugins runs. @module */
import { dirname, join } from "@std/path";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Manifest, PluginPackage } from "./manifest.ts";
import { manifestName, readManifest } from "./parse_manifest.ts";
import { readRefused } from "./read_json.ts";

/** Where to look. */
export interface DiscoverOptions {
  /** Folders whose subfolders are plugins; one that is a plugin itself counts as one. */
  readonly folders?: readonly string[];
  /** Plugin folders or manifests by themselves; they come first. */
  readonly plugins?: readonly string[];
}

/** A plugin that was not taken, and why. */
export interface Refusal {
  /** Its folder, or the manifest or folder of plugins that was named. */
  readonly folder: string;
  /** Its manifest, where that could be read. */
  readonly manifest?: Manifest;
  /** Why. */
  readonly error: CaissonError;
}

/** What was found, each folder once, in a fixed order: explicit plugins as given, then each folder's by name. */
export interface Discovery {
  /** Plugins with a valid manifest. Two may have one name: the first that passes every check gets it. */
  readonly packages: readonly PluginPackage[];
  /** The rest. */
  readonly refusals: readonly Refusal[];
}

/**
 * Reads every plugin it can find. A broken one is listed in `refusals` and never stops the others.
 *
 * A native plugin with a `build` part stands for the sealed manifest in its `dist` folder.
 *
 * @example
 * ```ts
 * import { discover } from "./discover.ts";
 *
 * const { packages, refusals } = await discover({ folders: ["plugins"] });
 * for (const { folder, error } of refusals) console.error(folder, error.code);
 * console.log(packages.length);
 * ```
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const refusals: Refusal[] = [];
  const candidates = [...options.plugins ?? []];
  for (const folder of options.folders ?? []) {
    try {
      candidates.push(...await pluginFolders(folder));
    } catch (error) {
      refusals.push({ folder, error: unreadable(folder, error) });
    }
  }
  const read = await Promise.all(candidates.map(tryRead));
  const packages: PluginPackage[] = [];
  for (const result of read) {
    if ("error" in result) {
      refusals.push(result);
      continue;
    }
    if (!packages.some(({ folder }) => folder === result.folder)) packages.push(result);
  }
  return { packages, refusals };
}

/** Subfolders that hold a manifest, sorted by name, whatever order the file system has. */
async function pluginFolders(folder: string): Promise<string[]> {
  if (await exists(join(folder, manifestName))) return [folder];
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile || entry.name.startsWith(".")) continue;
    names.push(entry.name);
  }
  names.sort();
  const found: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if (await exists(join(path, manifestName))) found.push(path);
  }
  return found;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return false;
    throw error;
  }
}

async function tryRead(path: string): Promise<PluginPackage | Refusal> {
  let manifest: Manifest | undefined;
  try {
    const found = await readManifest(path);
    manifest = found.manifest;
    return found.manifest.native?.build === undefined ? found : await readSealed(found);
  } catch (error) {
    const refusal = { folder: path, error: unreadable(path, error) };
    return manifest === undefined ? refusal : { ...refusal, manifest };
  }
}

/** The built plugin that belongs to a manifest with a `build` part. */
async function readSealed(source: PluginPackage): Promise<PluginPackage> {
  const folder = dirname(source.manifestFile);
  const file = join(folder, "dist", manifestName);
  if (!await exists(file)) {
    throw unsealed(folder, `no ${file}: it has not been built`);
  }
  const sealed = await readManifest(file);
  if (sealed.manifest.native?.libraries === undefined) {
    throw unsealed(folder, `${file} names no library`);
  }
  if (promises(sealed.manifest) !== promises(source.manifest)) {
    throw unsealed(
      folder,
      `${source.manifestFile} has changed since ${file} was built`,
    );
  }
  return sealed;
}

/** Everything an operator or a flow relies on, as one text to compare. */
function promises(manifest: Manifest): string {
  const { name, version, runtime, provides, permissions, isolation, native } = manifest;
  return JSON.stringify([
    name,
    version,
    runtime,
    provides,
    permissions,
    isolation,
    native?.abi,
  ]);
}

function unsealed(folder: string, found: string): CaissonError {
  return new CaissonError("CAISSON_PLUGIN_UNSEALED", {
    subject: folder,
    found,
    allowed: "a folder whose dist/plugin.json names a library",
    action: `Run: caisson build ${folder}`,
  });
}

function unreadable(path: string, error: unknown): CaissonError {
  if (error instanceof CaissonError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    return readRefused(path, error);
  }
  const missing = error instanceof Deno.errors.NotFound;
  return new CaissonError(
    missing ? "CAISSON_MANIFEST_NOT_FOUND" : "CAISSON_MANIFEST_UNREADABLE",
    {
      subject: path,
      found: missing ? "no such folder" : messageOf(error),
      allowed: "a folder that holds plugin folders",
      cause: error,
    },
  );
}
