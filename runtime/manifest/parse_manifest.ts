/** Reads a plugin's manifest; nothing of the plugin runs. @module */
import { dirname, join } from "@std/path";
import { CaissonError } from "../errors/caisson_error.ts";
import type { PluginPackage } from "./manifest.ts";
import { type JsonFileCodes, readJsonFile, readRefused } from "./read_json.ts";
import { parseManifest } from "./schema.ts";
import { sha256 } from "../../ffi/sha256.ts";

/** Name of the manifest in a plugin's folder. */
export const manifestName = "plugin.json";

const codes: JsonFileCodes = {
  unreadable: "CAISSON_MANIFEST_UNREADABLE",
  problems: {
    "syntax": "CAISSON_MANIFEST_SYNTAX",
    "duplicate-key": "CAISSON_MANIFEST_DUPLICATE_KEY",
    "reserved-key": "CAISSON_MANIFEST_UNKNOWN_KEY",
    "too-deep": "CAISSON_MANIFEST_TOO_LARGE",
    "too-large": "CAISSON_MANIFEST_TOO_LARGE",
  },
};

/** What is at a path, or `undefined`. */
async function look(
  path: string,
  how: (path: string) => Promise<Deno.FileInfo>,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await how(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw readRefused(path, error);
    return undefined;
  }
}

/**
 * Reads and checks the manifest of a plugin.
 *
 * @param path a plugin's folder, or the manifest itself
 * @throws {CaissonError} `CAISSON_MANIFEST_NOT_FOUND`, `_UNREADABLE`, `_SYNTAX`, `_DUPLICATE_KEY`, `_UNKNOWN_KEY`,
 * `_INVALID`, `_TOO_LARGE`, `_VERSION`, `CAISSON_MODULE_OUTSIDE` or `CAISSON_HOST_PERMISSION`
 */
export async function readManifest(path: string): Promise<PluginPackage> {
  const info = await look(path, Deno.stat);
  const manifestFile = info?.isDirectory ? join(path, manifestName) : path;
  const entry = await look(manifestFile, Deno.lstat);
  if (entry === undefined) throw notFound(path, manifestFile);
  if (entry.isSymlink) {
    throw new CaissonError("CAISSON_MODULE_OUTSIDE", {
      subject: manifestFile,
      found: "a link",
      allowed: "a file",
    });
  }
  const file = await readJsonFile(manifestFile, codes);
  if (file === undefined) throw notFound(path, manifestFile);
  return {
    manifest: parseManifest(file.value, manifestFile),
    folder: await Deno.realPath(dirname(manifestFile)),
    manifestFile,
    manifestSha256: await sha256(file.bytes),
  };
}

function notFound(path: string, manifestFile: string): CaissonError {
  return new CaissonError("CAISSON_MANIFEST_NOT_FOUND", {
    subject: path,
    found: `no ${manifestFile}`,
    allowed: `a folder with a ${manifestName}`,
  });
}
