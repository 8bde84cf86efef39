/** The store: each installed package in a read-only folder that is named by the hash of what is in it. @module */
import { dirname, join } from "@std/path";
import { sha256 } from "../ffi/sha256.ts";
import { messageOf } from "../runtime/errors/caisson_error.ts";
import { packageEntries, type PackageEntry, packageLimits, refused } from "./package_entries.ts";
import { type TreeFile, treeHash, verifyTree } from "./tree_hash.ts";

/** A package in the store. */
export interface StoredPackage {
  /** `sha256-` and 64 hexadecimal digits. */
  readonly hash: string;
  /** Its folder. */
  readonly folder: string;
}

/** A package that was copied and is not in the store yet. */
export interface StagedPackage extends StoredPackage, AsyncDisposable {
  /** Puts it into the store under its hash. */
  keep(): Promise<StoredPackage>;
}

/** An installation takes no longer than this, milliseconds. */
const LEFT_BEHIND_MS = 3_600_000;

/** The folder of a hash in a store. */
export function storedFolder(store: string, hash: string): string {
  return join(store, hash);
}

/**
 * Copies a package to where nobody else writes, and hashes what was copied. From here on only the copy is looked at:
 * whatever becomes of the original, the bytes that are checked are the bytes that run.
 *
 * @param source the package's folder
 * @throws {CaissonError} `CAISSON_PACKAGE_REFUSED`, `CAISSON_HOST_PERMISSION`
 */
export async function stagePackage(source: string, store: string): Promise<StagedPackage> {
  const entries = await packageEntries(source);
  await sweep(store);
  // Not private: a plugin that runs as another user reads its own folder here.
  await Deno.mkdir(store, { recursive: true });
  const folder = join(await Deno.realPath(store), `.staging-${crypto.randomUUID()}`);
  await Deno.mkdir(folder, { mode: 0o700 });
  try {
    const files: TreeFile[] = [];
    let total = 0;
    for (const entry of entries) {
      const bytes = await readEntry(entry, source);
      total += bytes.length;
      if (total > packageLimits.bytes) {
        throw refused(source, entry.path, `more than ${packageLimits.bytes} bytes in all`);
      }
      const target = join(folder, entry.path);
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.writeFile(target, bytes, { createNew: true });
      files.push({ path: entry.path, bytes: bytes.length, sha256: await sha256(bytes) });
    }
    const hash = await treeHash(files);
    return {
      hash,
      folder,
      keep: () => keep(folder, store, hash),
      [Symbol.asyncDispose]: () => removeTree(folder),
    };
  } catch (thrown) {
    await removeTree(folder);
    throw thrown;
  }
}

/** Removes what an installation that was killed left behind, once it is surely over. */
async function sweep(store: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(store)) {
      if (!/^\.(?:staging|fetched)-/.test(name)) continue;
      const { mtime } = await Deno.lstat(join(store, name));
      if (mtime !== null && Date.now() - mtime.getTime() > LEFT_BEHIND_MS) await removeTree(join(store, name));
    }
  } catch (error) {
    // There is no store yet, or another installation was faster.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Reads what was listed: had a link taken its place since, the opened file would be another one. */
async function readEntry({ path, file }: PackageEntry, source: string): Promise<Uint8Array<ArrayBuffer>> {
  const listed = await Deno.lstat(file);
  using opened = await Deno.open(file, { read: true });
  const { isFile, ino, dev, size } = await opened.stat();
  if (!listed.isFile || !isFile || ino !== listed.ino || dev !== listed.dev) {
    throw refused(source, path, "a file that was replaced while it was read");
  }
  if (size > packageLimits.fileBytes) throw refused(source, path, `more than ${packageLimits.fileBytes} bytes`);
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const read = await opened.read(bytes.subarray(at));
    if (read === null) throw refused(source, path, "a file that became shorter while it was read");
    at += read;
  }
  return bytes;
}

async function keep(folder: string, store: string, hash: string): Promise<StoredPackage> {
  const target = storedFolder(store, hash);
  await makeReadOnly(folder);
  try {
    await Deno.rename(folder, target);
  } catch (error) {
    // A folder of that name that is not empty: somebody was faster, or it has long been there.
    if (!/os error (?:39|66|17|183|5|145)\b|exists|not empty/i.test(messageOf(error))) throw error;
    await verifyTree(target, hash);
  }
  return { hash, folder: target };
}

/** Files nobody writes, in folders nobody adds to. A plugin that runs as another user cannot change either. */
async function makeReadOnly(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await makeReadOnly(path);
    else await Deno.chmod(path, 0o444);
  }
  await Deno.chmod(folder, 0o555);
}

/** Removes a folder of the store, which is read-only, or one that is not there any more. */
export async function removeTree(folder: string): Promise<void> {
  try {
    if (Deno.build.os !== "windows") await makeWritable(folder);
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function makeWritable(folder: string): Promise<void> {
  await Deno.chmod(folder, 0o700);
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await makeWritable(join(folder, name));
  }
}
