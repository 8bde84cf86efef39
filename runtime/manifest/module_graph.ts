/** Every module a TypeScript plugin loads, found and hashed without running any of it. @module */
import { dirname, extname, join, normalize, SEPARATOR } from "@std/path";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { PluginPackage } from "./manifest.ts";
import { isModuleExtension, type ModuleImport, moduleImports } from "./module_imports.ts";
import { checkPluginFiles } from "./plugin_files.ts";
import { sha256 } from "../../ffi/sha256.ts";
import { quote } from "./untrusted_text.ts";

/** One file a plugin loads. */
export interface ScannedModule {
  /** Real path. */
  readonly file: string;
  /** SHA-256 of the bytes that were checked. */
  readonly sha256: string;
  /** How many bytes. */
  readonly bytes: number;
}

/** What a scan found. */
export interface ModuleGraph {
  /** Entry first, the rest sorted by path. */
  readonly modules: readonly ScannedModule[];
  /** Configuration files in the folder that the host ignores. */
  readonly ignored: readonly string[];
}

const maxModules = 2_000;
const maxModuleBytes = 8 << 20;

/** Attribute types that load a file as data. */
const dataTypes = new Set(["json", "text", "bytes"]);

/**
 * Follows imports from the plugin's entry module.
 *
 * Each must be a relative path to a file inside the plugin's folder, not reached through a link. `import type` leaves
 * nothing at run time and is not looked at; a computed `import()` is left to the plugin's permissions.
 *
 * @throws {CaissonError} `CAISSON_MODULE_NOT_FOUND`, `CAISSON_MODULE_OUTSIDE`, `CAISSON_MODULE_SPECIFIER`,
 * `CAISSON_MODULE_SYNTAX` or `CAISSON_PLUGIN_TOO_LARGE`, with the line
 */
export async function scanModules(plugin: PluginPackage): Promise<ModuleGraph> {
  const { folder, manifest, manifestFile } = plugin;
  const ignored = await checkPluginFiles(folder);
  const entry = join(folder, manifest.module ?? "");
  const queue: Reference[] = [{ file: entry, from: `${manifestFile}: module` }];
  const seen = new Map<string, ScannedModule>();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next.file)) continue;
    const bytes = await readModule(next);
    seen.set(next.file, {
      file: next.file,
      sha256: await sha256(bytes),
      bytes: bytes.length,
    });
    if (seen.size > maxModules) {
      throw tooLarge(folder, `more than ${maxModules} modules`);
    }
    const extension = extname(next.file);
    if (!isModuleExtension(extension)) {
      if (dataTypes.has(next.type ?? "")) continue;
      throw notCode(next, extension);
    }
    // Code is looked through whatever its importer calls it: the type is only a hint.
    const source = new TextDecoder().decode(bytes);
    for (const each of await moduleImports(source, next.file, extension)) {
      queue.push(follow(each, next.file, folder));
    }
  }
  const [first, ...rest] = [...seen.values()];
  rest.sort((a, b) => a.file < b.file ? -1 : 1);
  return { modules: [first!, ...rest], ignored };
}

interface Reference {
  readonly file: string;
  /** Who names it, for messages. */
  readonly from: string;
  /** `type` attribute of the import. */
  readonly type?: string;
}

/** Turns an import into the file it names. */
function follow(
  found: ModuleImport,
  importer: string,
  folder: string,
): Reference {
  const from = `${importer}:${found.line}:${found.column}`;
  const { specifier, type } = found;
  if (/^(?:file:|\/|[A-Za-z]:[\\/])/i.test(specifier)) {
    throw outside(from, `an import of the absolute path ${quote(specifier)}`);
  }
  const problem = specifierProblem(specifier);
  if (problem !== undefined) {
    throw new CaissonError("CAISSON_MODULE_SPECIFIER", {
      subject: from,
      found: `an import of ${quote(specifier)}, ${problem}`,
      allowed: "relative paths inside the plugin's folder, and 'import type'",
      action: specifier === "@caisson/plugin"
        ? "Write 'import type { … } from \"@caisson/plugin\"': it holds types only."
        : "Ship the code inside the plugin's folder and import it by a relative path; for types alone write 'import type'.",
    });
  }
  const file = normalize(join(dirname(importer), specifier));
  if (!file.startsWith(folder + SEPARATOR)) {
    throw outside(from, `an import of ${quote(specifier)}`);
  }
  return type !== undefined && dataTypes.has(type) ? { file, from, type } : { file, from };
}

/** What keeps a specifier from being a plain relative path. */
function specifierProblem(specifier: string): string | undefined {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(specifier)?.[1];
  if (scheme !== undefined) {
    return `a ${scheme.toLowerCase()}: specifier`;
  }
  if (!/^\.\.?\//.test(specifier)) {
    return "a bare specifier, which no import map resolves in a plugin";
  }
  // Each of these would make the URL name another file than the text does.
  if (/[?#%\\]/.test(specifier)) return "which has one of ? # % \\ in it";
  return undefined;
}

async function readModule(
  reference: Reference,
): Promise<Uint8Array<ArrayBuffer>> {
  const { file, from } = reference;
  try {
    const real = await Deno.realPath(file);
    // The folder holds no link, so this differs only where one appeared since, or in case on some file systems.
    if (real !== file) {
      throw outside(from, `${quote(file)}, which is really ${quote(real)}`);
    }
    const { isFile, size } = await Deno.lstat(file);
    if (!isFile) throw notFound(from, `${quote(file)}, which is not a file`);
    if (size > maxModuleBytes) throw tooLarge(file, `${size} bytes`);
    return await Deno.readFile(file);
  } catch (error) {
    if (error instanceof CaissonError) throw error;
    throw notFound(
      from,
      error instanceof Deno.errors.NotFound
        ? `${quote(file)}, which is not there`
        : `${quote(file)}: ${messageOf(error)}`,
      error,
    );
  }
}

function notCode(reference: Reference, extension: string): CaissonError {
  return new CaissonError("CAISSON_MODULE_SPECIFIER", {
    subject: reference.from,
    found: `a module with the extension ${quote(extension)}`,
    allowed: '.ts, .mts, .js and .mjs, and any file imported with { type: "json" } or "text"',
    action: "Write the module as an ES module in one of these languages.",
  });
}

function outside(subject: string, found: string): CaissonError {
  return new CaissonError("CAISSON_MODULE_OUTSIDE", {
    subject,
    found,
    allowed: "files inside the plugin's folder",
  });
}

function notFound(
  subject: string,
  found: string,
  cause?: unknown,
): CaissonError {
  return new CaissonError("CAISSON_MODULE_NOT_FOUND", {
    subject,
    found,
    ...(cause === undefined ? {} : { cause }),
  });
}

function tooLarge(subject: string, found: string): CaissonError {
  return new CaissonError("CAISSON_PLUGIN_TOO_LARGE", {
    subject,
    found,
    allowed: `at most ${maxModules} modules of at most ${maxModuleBytes} bytes`,
  });
}
