/** One hash for all files of a package, their paths and their bytes. @module */
import { join } from "@std/path";
import { sha256 } from "../ffi/sha256.ts";
import { CaissonError, messageOf } from "../runtime/errors/caisson_error.ts";

/** A file of a tree. */
export interface TreeFile {
  /** Path inside the tree, with `/`. */
  readonly path: string;
  /** How many bytes. */
  readonly bytes: number;
  /** SHA-256 of them, hexadecimal. */
  readonly sha256: string;
}

/** The hash of a tree, `sha256-` and 64 hexadecimal digits. The order of the files does not matter. */
export async function treeHash(files: readonly TreeFile[]): Promise<string> {
  // Lengths first: no path can be read as the end of one line and the start of the next.
  const lines = files.map(({ path, bytes, sha256 }) => `${path.length} ${path} ${bytes} ${sha256}\n`);
  return `sha256-${await sha256(lines.sort().join(""))}`;
}

/**
 * Reads every file of a folder.
 *
 * @throws {CaissonError} `CAISSON_PLUGIN_CHANGED` for anything but files and folders
 */
async function readTree(folder: string): Promise<TreeFile[]> {
  const files: TreeFile[] = [];
  const walk = async (at: string): Promise<void> => {
    for await (const { name, isDirectory, isFile } of Deno.readDir(join(folder, at))) {
      const path = at === "" ? name : `${at}/${name}`;
      if (isDirectory) await walk(path);
      else if (isFile) {
        const bytes = await Deno.readFile(join(folder, path));
        files.push({ path, bytes: bytes.length, sha256: await sha256(bytes) });
      } else {
        throw new CaissonError("CAISSON_PLUGIN_CHANGED", {
          subject: join(folder, path),
          found: "a link or device",
          allowed: "what was installed",
        });
      }
    }
  };
  await walk("");
  return files;
}

/**
 * Checks that a folder holds exactly the files that were hashed, none more and none less.
 *
 * @throws {CaissonError} `CAISSON_PLUGIN_CHANGED`, `CAISSON_HOST_PERMISSION`
 */
export async function verifyTree(folder: string, expected: string): Promise<void> {
  let found: string;
  try {
    found = await treeHash(await readTree(folder));
  } catch (cause) {
    if (cause instanceof CaissonError || cause instanceof Deno.errors.NotCapable) throw cause;
    if (cause instanceof Deno.errors.NotFound && !await isThere(folder)) throw notThere(folder, expected);
    throw changed(folder, messageOf(cause), expected, cause);
  }
  if (found !== expected) throw changed(folder, found, expected);
}

async function isThere(folder: string): Promise<boolean> {
  return await Deno.lstat(folder).then(() => true, () => false);
}

function notThere(subject: string, expected: string): CaissonError {
  return new CaissonError("CAISSON_PLUGIN_CHANGED", {
    subject,
    found: "it is not in the store",
    allowed: `what was installed: ${expected}`,
    action: "Run caisson install without a name: it fetches what caisson.lock names.",
  });
}

function changed(subject: string, found: string, expected: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_PLUGIN_CHANGED", {
    subject,
    found,
    allowed: `what was installed: ${expected}`,
    action: "Somebody changed the store. Find out who; then remove that folder and install the plugin again.",
    ...(cause === undefined ? {} : { cause }),
  });
}
