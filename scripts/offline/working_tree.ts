import { join } from "node:path";
import { unfurl } from "../packages/unfurl.ts";
import { readWorkspace } from "../packages/workspace.ts";
import type { LocalPackage } from "./registry.ts";

const SOURCE = /\.[mc]?[jt]sx?$/;

/** Editors and compilers take files away between the listing and this. */
async function readIfThere(
  path: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The packages of this repository, as `deno publish` would upload them now. */
export async function workingTreePackages(
  root: string,
): Promise<LocalPackage[]> {
  const workspace = await readWorkspace(root);
  const names = new Map<string, string>();
  for (const { config } of workspace) {
    for (const [name, target] of Object.entries(config.imports ?? {})) {
      names.set(name, target);
    }
  }
  for (const { config: { name, version } } of workspace) {
    names.set(name, `jsr:${name}@^${version}`);
  }
  return await Promise.all(workspace.map(async (pkg) => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const file of pkg.files) {
      const bytes = await readIfThere(join(pkg.folder, file));
      if (bytes === undefined) continue;
      if (!SOURCE.test(file)) {
        files.set(`/${file}`, bytes);
        continue;
      }
      const source = unfurl(new TextDecoder().decode(bytes), names);
      files.set(`/${file}`, new TextEncoder().encode(source));
    }
    const { name, version } = pkg.config;
    return { name, version, exports: pkg.exports, files };
  }));
}
