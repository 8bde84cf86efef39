/** Files a flow module loads, so that they can be named before Deno refuses one of them. @module */
import { extname, fromFileUrl, toFileUrl } from "@std/path";
import { isModuleExtension, moduleImports } from "../manifest/module_imports.ts";

/**
 * Local files that a module imports by relative paths, directly or not; nothing of it runs.
 *
 * A file that cannot be read is listed and not followed.
 *
 * @param file absolute path of the module
 */
export async function localImports(file: string): Promise<string[]> {
  const found = new Set<string>();
  const queue = [file];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (!isModuleExtension(extname(at))) continue;
    let source: string;
    try {
      source = await Deno.readTextFile(at);
    } catch {
      // Loading it says what is wrong with it.
      continue;
    }
    for (const { specifier } of await moduleImports(source, at, extname(at))) {
      if (!/^\.{0,2}\//.test(specifier) && !specifier.startsWith("file:")) continue;
      const path = fromFileUrl(new URL(specifier, toFileUrl(at)));
      if (path === file || found.has(path)) continue;
      found.add(path);
      queue.push(path);
    }
  }
  return [...found];
}
