/** The copy of a library that is loaded: named by its digest, written by nobody else. @module */
import { join } from "@std/path";
import { cacheFolder, privateFolder } from "./cache_folder.ts";
import { withPermission } from "./host_permission.ts";
import { libraryExtension } from "./platform.ts";
import { sha256 } from "./sha256.ts";
import { writeAtomically } from "./write_atomically.ts";

async function holds(file: string, digest: string): Promise<boolean> {
  try {
    return await sha256(await Deno.readFile(file)) === digest;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}

/**
 * Puts bytes that were verified into `native/<digest>` of the cache folder and returns the path.
 *
 * Loading the file the plugin shipped would crash the host when a build overwrites it, and would hand back the old
 * code after an update. A copy that is there already is hashed again: one that was tampered with is replaced.
 */
export async function privateCopy(
  bytes: Uint8Array,
  digest: string,
  options: { readonly cacheFolder?: string } = {},
): Promise<string> {
  const root = cacheFolder(options.cacheFolder);
  return await withPermission(
    "private copy of a library",
    `--allow-read=${root} --allow-write=${root}`,
    async () => {
      const file = join(root, "native", `${digest}.${libraryExtension()}`);
      if (!await holds(file, digest)) {
        await privateFolder(root, "native");
        await writeAtomically(file, bytes, { mode: 0o500 });
      }
      return file;
    },
  );
}
