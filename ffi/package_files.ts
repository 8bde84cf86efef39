/**
 * Files of this package that other programs have to read: headers, C sources, the Rust crate.
 *
 * From a clone they are where they are. From JSR they are behind `https:`, and a compiler cannot read that: they are
 * loaded as text and put into the cache folder, under their own digest.
 * @module
 */
import { dirname, fromFileUrl, join } from "@std/path";
import { CaissonError, messageOf } from "../runtime/errors/caisson_error.ts";
import { cacheFolder, privateFolder } from "./cache_folder.ts";
import { sha256 } from "./sha256.ts";
import { writeAtomically } from "./write_atomically.ts";

/** Headers a plugin in C may include, relative to `ffi/`. */
export const HEADER_FILES: readonly string[] = [
  "include/caisson.h",
  "include/caisson_batch.h",
  "include/caisson_config.h",
  "include/caisson_layout.h",
  "include/caisson_plugin.h",
  "include/caisson_report.h",
  "include/caisson_still.h",
];

/** Files of one set, on disk. */
export interface PackageFiles {
  /** Folder that holds them under their relative paths. */
  readonly folder: string;
  /** SHA-256 over their paths and contents. */
  readonly digest: string;
}

/** Files of one set, as they were read. */
export interface PackageTexts {
  /** Their contents, in the order they were asked for. */
  readonly texts: readonly string[];
  /** As of {@linkcode PackageFiles}. */
  readonly digest: string;
}

/** Options of {@linkcode packageFiles}. */
export interface PackageFilesOptions {
  /** Where the package's `ffi/` folder is. @default {beside this module} */
  readonly base?: URL;
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string;
}

async function textOf(url: URL): Promise<string> {
  if (url.protocol === "file:") return await Deno.readTextFile(url);
  try {
    // Imported and not fetched: a package may load its own files without --allow-net.
    const { default: text } = await import(url.href, { with: { type: "text" } }) as { readonly default: string };
    return text;
  } catch (cause) {
    throw new CaissonError("CAISSON_MODULE_NOT_FOUND", {
      subject: url.href,
      found: messageOf(cause),
      action: "Check the connection to the registry the runtime came from.",
      cause,
    });
  }
}

/** Reads files of the package. */
export async function packageTexts(paths: readonly string[], base: URL): Promise<PackageTexts> {
  const texts = await Promise.all(paths.map((path) => textOf(new URL(path, base))));
  const digest = await sha256(paths.map((path, index) => `${path}\0${texts[index]}\0`).join(""));
  return { texts, digest };
}

/** Reads files of the package, and makes sure that they lie in a folder. */
export async function packageFiles(
  paths: readonly string[],
  options: PackageFilesOptions = {},
): Promise<PackageFiles> {
  const base = options.base ?? new URL("./", import.meta.url);
  const { texts, digest } = await packageTexts(paths, base);
  if (base.protocol === "file:") return { folder: fromFileUrl(base), digest };
  const folder = join(cacheFolder(options.cacheFolder), "sources", digest);
  for (const [index, path] of paths.entries()) {
    const file = join(folder, path);
    await privateFolder(dirname(file));
    await writeAtomically(file, texts[index]!);
  }
  return { folder, digest };
}
