/**
 * The modules of a guard as JavaScript: what Deno need not translate it has not to translate at every start, since no
 * guard is given a cache folder that another plugin's process has written to.
 * @module
 */
import { stripTypeScriptTypes } from "node:module";
import { dirname, fromFileUrl, join } from "@std/path";
import { init, parse } from "es-module-lexer";
import { cacheFolder, privateFolder } from "../../ffi/cache_folder.ts";
import { type PackageFiles, packageFiles } from "../../ffi/package_files.ts";
import { GUARD_FILES } from "./guard_files.ts";
import { completeFolder } from "./private_place.ts";

/** Options of {@linkcode guardScripts}. */
export interface GuardScriptsOptions {
  /** Root of this package, where the modules are. */
  readonly packageRoot: URL;
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string | undefined;
}

/** The modules of a guard, on disk. */
export interface GuardScripts {
  /** The entry module. */
  readonly entry: string;
  /** Files and folders a guard has to read for it: nothing else is in there. */
  readonly files: readonly string[];
}

/** Sets that were written, by where they came from and went: a package does not change while it runs. */
const written = new Map<string, Promise<GuardScripts>>();

/**
 * The modules of a guard as JavaScript, in a folder of the host's cache named by their digest and the version of Deno. No
 * guard may write there. Written once, and put in place whole.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` for a folder that others may write to
 */
export async function guardScripts({ packageRoot, cacheFolder }: GuardScriptsOptions): Promise<GuardScripts> {
  const key = `${packageRoot.href} ${cacheFolder ?? ""}`;
  const writing = written.get(key) ?? prepare(packageRoot, cacheFolder);
  written.set(key, writing);
  try {
    return await writing;
  } catch (thrown) {
    written.delete(key);
    throw thrown;
  }
}

async function prepare(base: URL, cache: string | undefined): Promise<GuardScripts> {
  let sources: PackageFiles;
  try {
    sources = await packageFiles(GUARD_FILES, { base, ...(cache === undefined ? {} : { cacheFolder: cache }) });
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotCapable)) throw thrown;
    // A host that may not read its own package can start them all the same: Deno translates them at every start.
    const files = GUARD_FILES.map((file) => fromFileUrl(new URL(file, base)));
    return { entry: files[0]!, files };
  }
  const folder = join(cacheFolder(cache), "guard", `${sources.digest.slice(0, 32)}-deno-${Deno.version.deno}`);
  await completeFolder(folder, async (partial) => {
    await init;
    for (const file of GUARD_FILES) {
      const script = join(partial, scriptName(file));
      await privateFolder(dirname(script));
      const text = await Deno.readTextFile(join(sources.folder, file));
      await Deno.writeTextFile(script, toScript(text), { createNew: true, mode: 0o600 });
    }
  });
  return { entry: join(folder, scriptName(GUARD_FILES[0])), files: [folder] };
}

function scriptName(file: string): string {
  return file.replace(/\.ts$/, ".mjs");
}

/** Types become blanks, so that lines and columns of an error stay true. */
function toScript(source: string): string {
  const script = stripTypeScriptTypes(source);
  let text = "";
  let done = 0;
  for (const { n: specifier, s: start, e: end } of parse(script)[0]) {
    if (specifier === undefined || !specifier.startsWith(".")) continue;
    // Of a dynamic import, the quotes belong to what was found.
    text += script.slice(done, start) + script.slice(start, end).replace(/\.ts(["']?)$/, ".mjs$1");
    done = end;
  }
  return text + script.slice(done);
}
