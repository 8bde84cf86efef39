/**
 * The folder from which a guard's Deno takes the JavaScript of its plugin's modules. Deno tries for 160 ms to keep what it
 * has translated, and a guard may write nowhere: so it is translated before, once, by a Deno that runs none of it.
 * @module
 */
import { join, relative } from "@std/path";
import { cacheFolder } from "../../ffi/cache_folder.ts";
import { sha256 } from "../../ffi/sha256.ts";
import { findSandbox } from "../../permissions/sandbox/find_sandbox.ts";
import { sandboxArguments } from "../../permissions/sandbox/policy.ts";
import { guardPolicy } from "../../permissions/sandbox/process_policy.ts";
import { completeFolder } from "./private_place.ts";
import { noteUse, removeUnused } from "./unused_folders.ts";

/** Deno wants a cache folder, and is content with one that cannot be there: it only takes longer. */
export const NO_FOLDER = "/dev/null/deno";
const MIB = 1 << 20;
/** Longest time a plugin's modules are translated, milliseconds, and memory and size of a file that may take, MiB. */
const TRANSLATION_MS = 20_000;
const TRANSLATION_MIB = 512;
const FILE_MIB = 64;

/** What {@linkcode translatedModules} needs. */
export interface TranslatedModulesOptions {
  /** The plugin's name, folder and entry module. */
  readonly plugin: { readonly name: string; readonly folder: string; readonly module: string };
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string | undefined;
}

/** Names of folders of plugins, also of those a host that was ended left half made or half removed. */
const MADE_HERE = /^(?:plugin-[0-9a-f]{32}(?:\..*\.partial)?|gone-[0-9a-f-]{36})$/;

const underWay = new Map<string, Promise<void>>();

/**
 * A folder for `DENO_DIR` that holds the plugin's modules as JavaScript and nothing else, for reading alone. Each plugin
 * has one of its own, and what lies in it was made of its own text. Deno compares digests: after a change of the
 * plugin it would only be slower.
 *
 * @returns a folder that is not there where nothing has to be translated, cannot be, or this machine has no sandbox to do it in
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` for a folder that others may write to
 */
export async function translatedModules({ plugin, cacheFolder: cache }: TranslatedModulesOptions): Promise<string> {
  const state = await stateOf(plugin.folder);
  if (state === undefined) return NO_FOLDER;
  const sandbox = await findSandbox({ cacheFolder: cache });
  if (!("launcher" in sandbox)) return NO_FOLDER;
  const name = (await sha256(`${Deno.version.deno}\n${plugin.folder}\n${plugin.module}\n${state}`)).slice(0, 32);
  const parent = join(cacheFolder(cache), "guard");
  const folder = join(parent, `plugin-${name}`);
  const making = underWay.get(folder) ?? prepare(folder, (partial) => translate(plugin, sandbox.launcher, partial));
  underWay.set(folder, making);
  try {
    await making;
    await removeUnused(parent, MADE_HERE);
    return folder;
  } catch (error) {
    // A host that may not start the launcher is told so when the guard itself is to be started.
    if (error instanceof Deno.errors.NotCapable) return NO_FOLDER;
    throw error;
  } finally {
    underWay.delete(folder);
  }
}

async function prepare(folder: string, fill: (partial: string) => Promise<void>): Promise<void> {
  await completeFolder(folder, fill);
  await noteUse(folder);
}

/** What of the folder Deno has to translate: names, sizes and times; `undefined` where there is nothing. */
async function stateOf(folder: string): Promise<string | undefined> {
  const lines: string[] = [];
  const visit = async (at: string): Promise<void> => {
    for await (const { name, isDirectory, isFile } of Deno.readDir(at)) {
      const path = join(at, name);
      if (isDirectory && name !== "node_modules" && !name.startsWith(".")) await visit(path);
      if (!isFile || !/\.(?:[mc]?tsx?|jsx)$/.test(name)) continue;
      const { size, mtime } = await Deno.stat(path);
      lines.push(`${relative(folder, path)} ${size} ${mtime?.getTime() ?? 0}`);
    }
  };
  await visit(folder);
  return lines.length === 0 ? undefined : lines.sort().join("\n");
}

async function translate(
  plugin: TranslatedModulesOptions["plugin"],
  launcher: string,
  partial: string,
): Promise<void> {
  const made = join(partial, "made");
  await Deno.mkdir(made, { mode: 0o700 });
  const policy = await guardPolicy({
    plugin: plugin.name,
    files: [plugin.folder],
    granted: { net: false, read: false, write: [made] },
    memoryBytes: TRANSLATION_MIB * MIB,
    fileMiB: FILE_MIB,
  });
  const flags = ["--quiet", "--no-npm", "--no-remote", "--no-config", "--no-lock"];
  const { success } = await new Deno.Command(launcher, {
    args: [...sandboxArguments(policy), Deno.execPath(), "cache", ...flags, plugin.module],
    clearEnv: true,
    env: { DENO_DIR: made, DENO_NO_PACKAGE_JSON: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(TRANSLATION_MS),
  }).output();
  // The JavaScript alone: Deno's databases are none of a guard's business. Of a module that cannot be read or translated
  // there is none, and the guard reports it, with the plugin's name and place.
  if (success) await Deno.rename(join(made, "gen"), join(partial, "gen"));
  await Deno.remove(made, { recursive: true });
}
