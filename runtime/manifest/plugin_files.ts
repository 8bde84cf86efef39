/**
 * Looks through a plugin's folder for what would reach outside it.
 *
 * A plugin may read its own folder, and Deno follows links when it reads; so no link may be there, used or not.
 * Hard links cannot be told from files.
 * @module
 */
import { join } from "@std/path";
import { CaissonError } from "../errors/caisson_error.ts";

/** Most files and folders in a plugin. */
const maxEntries = 20_000;

/** Files that change what Deno does elsewhere; a plugin's own are ignored by the host. */
const ignored = new Set([".npmrc", "deno.json", "deno.jsonc", "package.json"]);

/**
 * Refuses links, devices, pipes and sockets anywhere in the folder.
 *
 * @returns configuration files in it that have no effect, as paths relative to the folder
 * @throws {CaissonError} `CAISSON_MODULE_OUTSIDE` or `CAISSON_PLUGIN_TOO_LARGE`
 */
export async function checkPluginFiles(folder: string): Promise<string[]> {
  const without: string[] = [];
  const queue = [""];
  let entries = 0;
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for await (const entry of Deno.readDir(join(folder, at))) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      entries += 1;
      if (entries > maxEntries) {
        throw new CaissonError("CAISSON_PLUGIN_TOO_LARGE", {
          subject: folder,
          found: `more than ${maxEntries} files`,
          allowed: `at most ${maxEntries}`,
        });
      }
      if (entry.isDirectory) queue.push(path);
      else if (!entry.isFile) {
        throw new CaissonError("CAISSON_MODULE_OUTSIDE", {
          subject: join(folder, path),
          found: entry.isSymlink ? "a link" : "a device, pipe or socket",
          allowed: "files and folders",
          action: `Replace it by the file it stands for, or remove it.`,
        });
      } else if (ignored.has(entry.name)) without.push(path);
    }
  }
  return without.sort();
}
