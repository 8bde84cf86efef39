/** Installs plugins: checked, copied into the store, pinned in the lock. None of their code runs. @module */
import { dirname, join, resolve } from "@std/path";
import { hostPlatform } from "../ffi/platform.ts";
import type { AuditLog } from "../permissions/audit_log.ts";
import { exclusively } from "../permissions/exclusive.ts";
import { fetchPackage } from "../permissions/fetch_package.ts";
import { type LockChange, lockChanges, requestLines, requestsHash } from "../permissions/lock_changes.ts";
import { type LockedPlugin, type LockedVersion, readLock, writeLock } from "../permissions/lock.ts";
import { type PackageSpec, parseSpec } from "../permissions/package_spec.ts";
import { removeTree, stagePackage, storedFolder } from "../permissions/store.ts";
import { verifyTree } from "../permissions/tree_hash.ts";
import { checkCode } from "./check_plugin.ts";
import { CaissonError } from "./errors/caisson_error.ts";
import { discover } from "./manifest/discover.ts";
import { hostVersions } from "./manifest/host_versions.ts";
import type { Manifest, PluginPackage } from "./manifest/manifest.ts";
import { manifestName, readManifest } from "./manifest/parse_manifest.ts";
import { isOlder } from "./manifest/semver.ts";

/** Where installed plugins are kept. */
export interface InstallPlaces {
  /** The lock file. */
  readonly lock: string;
  /** The store. */
  readonly store: string;
  /** What is done is recorded here. */
  readonly audit: AuditLog;
}

/** What {@linkcode installPlugin} is asked. */
export interface InstallOptions extends InstallPlaces {
  /** A folder, `jsr:@scope/name@range` or `npm:name@range`. */
  readonly spec: string;
  /** Hash the operator expects; with it an update is approved at once. */
  readonly hash?: string | undefined;
  /** Whether an older version may follow a newer one. @default {false} */
  readonly downgrade?: boolean;
}

/** What became of an installation. */
export interface Installed {
  /** `installed` for the first time, `unchanged`, `pending` until it is approved, or `approved` by the hash that was given. */
  readonly state: "installed" | "unchanged" | "pending" | "approved";
  /** The manifest. */
  readonly manifest: Manifest;
  /** What the lock says about it now. */
  readonly version: LockedVersion;
  /** The version that went on running, where there is one. */
  readonly before?: LockedVersion;
  /** What is different from the approved version. */
  readonly changes: readonly LockChange[];
}

/**
 * Installs a plugin, or notes that a new version of an installed one waits for approval. Until then the old one runs.
 *
 * @throws {CaissonError} `CAISSON_INSTALL_SOURCE`, `CAISSON_PACKAGE_REFUSED`, `CAISSON_DOWNGRADE`,
 * `CAISSON_APPROVAL_REFUSED`, `CAISSON_LOCK_INVALID`, and what keeps a plugin from being registered
 */
export async function installPlugin(options: InstallOptions): Promise<Installed> {
  const { spec: text, store, lock: file } = options;
  const spec = parseSpec(text);
  // In the store, so that nothing has to be written elsewhere.
  const fetched = join(resolve(store), `.fetched-${crypto.randomUUID()}`);
  if (spec.kind !== "folder") await Deno.mkdir(fetched, { recursive: true });
  try {
    const { folder, version } = spec.kind === "folder"
      ? { folder: resolve(spec.path), version: undefined }
      : await fetchPackage(spec, fetched);
    await using staged = await stagePackage(await folderToPack(folder, spec), store);
    const found = await readManifest(join(staged.folder, manifestName));
    checkIdentity(found.manifest, spec, version);
    const source = spec.kind === "folder" ? resolve(spec.path) : spec.specifier;
    const locked = { ...await describePackage(found, staged.hash), source };
    return await exclusively(store, async () => {
      const { plugins } = await readLock(file);
      const entries = new Map(plugins);
      const outcome = decide(options, found.manifest, locked, entries);
      await staged.keep();
      await writeLock(file, entries);
      record(options.audit, outcome, source);
      return outcome;
    });
  } finally {
    await removeTree(fetched);
  }
}

/**
 * Puts back into the store what the lock names and the store lacks, as after a fresh checkout. Exactly the approved bytes are
 * taken, from where they came from; nothing else.
 *
 * @returns names of the plugins that were fetched
 * @throws {CaissonError} as {@linkcode installPlugin}; `CAISSON_APPROVAL_REFUSED` when the source has other bytes now
 */
export async function restorePlugins(places: InstallPlaces): Promise<readonly string[]> {
  const restored: string[] = [];
  for (const [name, { source, approved }] of (await readLock(places.lock)).plugins) {
    try {
      await Deno.lstat(storedFolder(places.store, approved.hash));
      continue;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const spec = parseSpec(source);
    const exact = spec.kind === "folder" ? source : `${spec.kind}:${spec.name}@${approved.version}`;
    await installPlugin({ ...places, spec: exact, hash: approved.hash });
    restored.push(name);
  }
  return restored;
}

/** What the lock becomes, and what that means. */
function decide(
  { hash: expected, downgrade = false }: InstallOptions,
  manifest: Manifest,
  locked: LockedVersion & { readonly source: string },
  entries: Map<string, LockedPlugin>,
): Installed {
  const { name } = manifest;
  const { source, ...version } = locked;
  if (expected !== undefined && expected !== version.hash) throw notThisHash(name, expected, version.hash);
  const before = entries.get(name);
  if (before === undefined) {
    entries.set(name, { source, approved: version });
    return { state: "installed", manifest, version, changes: [] };
  }
  const { approved } = before;
  if (approved.hash === version.hash) {
    const { pending: _, ...rest } = before;
    entries.set(name, rest);
    return { state: "unchanged", manifest, version: approved, changes: [] };
  }
  if (isOlder(version.version, approved.version) && !downgrade) {
    throw new CaissonError("CAISSON_DOWNGRADE", {
      subject: `${name} ${version.version}`,
      found: `version ${approved.version} is approved; an older one may have faults that were mended since`,
      allowed: `${approved.version} or newer`,
    });
  }
  const changes = lockChanges(before, locked);
  if (expected !== undefined) {
    entries.set(name, approvedEntry(before, locked));
    return { state: "approved", manifest, version, before: approved, changes };
  }
  entries.set(name, { ...before, pending: locked });
  return { state: "pending", manifest, version, before: approved, changes };
}

/** The entry with another version approved, and the one before remembered. */
function approvedEntry(
  { approved, earlier = [] }: LockedPlugin,
  { source, ...version }: LockedVersion & { readonly source: string },
): LockedPlugin {
  const past = [{ version: approved.version, hash: approved.hash }, ...earlier]
    .filter(({ hash }) => hash !== version.hash).slice(0, 20);
  return { source, approved: { ...version, at: new Date().toISOString() }, earlier: past };
}

/**
 * Approves the version that waits, by the hash that was shown.
 *
 * @throws {CaissonError} `CAISSON_APPROVAL_REFUSED`, `CAISSON_PLUGIN_CHANGED`, `CAISSON_LOCK_INVALID`
 */
export async function approvePlugin(
  options: InstallPlaces & { readonly plugin: string; readonly hash: string },
): Promise<
  { readonly version: LockedVersion; readonly before: LockedVersion; readonly changes: readonly LockChange[] }
> {
  const { lock: file, store, audit, plugin, hash } = options;
  return await exclusively(store, async () => {
    const entries = new Map((await readLock(file)).plugins);
    const entry = entries.get(plugin);
    const pending = entry?.pending;
    if (entry === undefined || pending === undefined) {
      throw new CaissonError("CAISSON_APPROVAL_REFUSED", {
        subject: plugin,
        found: entry === undefined ? "it is not installed" : "nothing of it waits for approval",
        allowed: "a plugin of which a new version waits",
      });
    }
    if (pending.hash !== hash) throw notThisHash(plugin, hash, pending.hash);
    await verifyTree(storedFolder(store, hash), hash);
    const changes = lockChanges(entry, pending);
    const next = approvedEntry(entry, pending);
    entries.set(plugin, next);
    await writeLock(file, entries);
    const words = changes.map(({ text }) => text);
    audit.write({ kind: "approve", plugin, version: pending.version, hash, changes: words });
    return { version: next.approved, before: entry.approved, changes };
  });
}

function record(audit: AuditLog, { state, manifest, version: { version, hash }, changes }: Installed, source: string) {
  const words = changes.map(({ text }) => text);
  const { name: plugin } = manifest;
  if (state === "installed") audit.write({ kind: "install", plugin, version, hash, source });
  else if (state === "pending") audit.write({ kind: "pending", plugin, version, hash, changes: words });
  else if (state === "approved") audit.write({ kind: "approve", plugin, version, hash, changes: words });
}

/** The folder with the manifest that registers: for a native plugin the one that was built. */
async function folderToPack(folder: string, spec: PackageSpec): Promise<string> {
  try {
    const { packages, refusals } = await discover({ plugins: [folder] });
    if (refusals[0] !== undefined) throw refusals[0].error;
    return packages[0]!.folder;
  } catch (error) {
    if (!(error instanceof CaissonError) || error.code !== "CAISSON_MANIFEST_NOT_FOUND") throw error;
    // A package of a registry can keep what was built beside what it was built from.
    const built = spec.kind === "folder" ? undefined : await Deno.realPath(join(folder, "dist")).catch(() => undefined);
    if (built === undefined) throw error;
    return dirname((await readManifest(join(built, manifestName))).manifestFile);
  }
}

/** A package may not take the name, and with it the grants, of another. */
function checkIdentity({ name, version }: Manifest, spec: PackageSpec, fetched: string | undefined): void {
  if (spec.kind === "folder") return;
  const problem = name !== spec.name
    ? `its manifest calls it ${name}: a package cannot have the grants of another`
    : version !== fetched
    ? `its manifest says version ${version}, the registry ${fetched}`
    : undefined;
  if (problem === undefined) return;
  throw new CaissonError("CAISSON_PACKAGE_REFUSED", {
    subject: spec.specifier,
    found: problem,
    allowed: "a manifest with the name and version of its package",
  });
}

/**
 * Everything the lock says about a package in the store.
 *
 * @throws {CaissonError} what keeps its code from being registered
 */
async function describePackage(found: PluginPackage, hash: string): Promise<LockedVersion> {
  const code = await checkCode(found, { host: hostVersions, platform: hostPlatform() });
  const lines = requestLines(found.manifest);
  const within = (file: string) => file.slice(found.folder.length + 1).replaceAll("\\", "/");
  const files = code.library === undefined ? code.modules ?? [] : [code.library];
  return {
    version: found.manifest.version,
    hash,
    manifest: found.manifestSha256,
    requests: lines,
    requestsHash: await requestsHash(lines),
    code: Object.fromEntries(files.map(({ file, sha256 }) => [within(file), sha256])),
    at: new Date().toISOString(),
  };
}

function notThisHash(plugin: string, given: string, found: string): CaissonError {
  return new CaissonError("CAISSON_APPROVAL_REFUSED", {
    subject: plugin,
    found: `${given}, but it is ${found}`,
    allowed: "the hash of what was looked at",
    action: "Look at it again; approve the hash that is shown now only if you trust what it stands for.",
  });
}
