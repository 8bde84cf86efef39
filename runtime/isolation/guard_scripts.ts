/**
 * The modules of a guard as JavaScript: what Deno need not translate it has not to translate at every start, since no
 * guard is given a cache folder that another plugin's process has written to.
 * @module
 */
import { stripTypeScriptTypes } from "node:module";
import { dirname, fromFileUrl, join } from "@std/path";
import { init, parse } from "es-module-lexer";
import { cacheFolder, privateFolder } from "../../ffi/cache_folder.ts";
import { type PackageTexts, packageTexts } from "../../ffi/package_files.ts";
import { GUARD_FILES } from "./guard_files.ts";
import { completeFolder } from "./private_place.ts";
import { noteUse, removeUnused } from "./unused_folders.ts";

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

/** Names of folders of modules, also of those a host that was ended left half made or half removed. */
const MADE_HERE = /^(?:[0-9a-f]{32}-deno-[^/]+|gone-[0-9a-f-]{36})$/;

/**
 * What is to be written, by where it comes from, contents and digest together: a folder is never named after other contents
 * than it holds, also where the package is changed under a running host. `undefined` where this host may not read it.
 */
const read = new Map<string, Promise<PackageTexts | undefined>>();

/**
 * The modules of a guard as JavaScript, in a folder of the host's cache named by their digest and the version of Deno. No
 * guard may write there. Written once, and put in place whole; a folder that no host has used for 30 days goes.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` for a folder that others may write to
 */
export async function guardScripts({ packageRoot, cacheFolder: cache }: GuardScriptsOptions): Promise<GuardScripts> {
  const sources = await sourcesOf(packageRoot);
  if (sources === undefined) {
    // A host that may not read its own package can start them all the same: Deno translates them at every start.
    const files = GUARD_FILES.map((file) => fromFileUrl(new URL(file, packageRoot)));
    return { entry: files[0]!, files };
  }
  const parent = join(cacheFolder(cache), "guard");
  const folder = join(parent, `${sources.digest.slice(0, 32)}-deno-${Deno.version.deno}`);
  // Looked for each time: a host that started none for a month finds that another one has removed it.
  await completeFolder(folder, (partial) => writeScripts(sources.texts, partial));
  await noteUse(folder);
  await removeUnused(parent, MADE_HERE);
  return { entry: join(folder, scriptName(GUARD_FILES[0])), files: [folder] };
}

async function sourcesOf(base: URL): Promise<PackageTexts | undefined> {
  const reading = read.get(base.href) ?? packageTexts(GUARD_FILES, base).catch((thrown) => {
    if (thrown instanceof Deno.errors.NotCapable) return undefined;
    throw thrown;
  });
  read.set(base.href, reading);
  try {
    const sources = await reading;
    // It may be allowed later.
    if (sources === undefined) read.delete(base.href);
    return sources;
  } catch (thrown) {
    read.delete(base.href);
    throw thrown;
  }
}

async function writeScripts(texts: readonly string[], partial: string): Promise<void> {
  await init;
  for (const [index, file] of GUARD_FILES.entries()) {
    const script = join(partial, scriptName(file));
    await privateFolder(dirname(script));
    await Deno.writeTextFile(script, toScript(texts[index]!), { createNew: true, mode: 0o600 });
  }
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
