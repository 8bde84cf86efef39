/** Whether the library of a native plugin is the one its manifest was sealed with; nothing is loaded. @module */
import { join } from "@std/path";
import { CaissonError } from "../errors/caisson_error.ts";
import type { PluginPackage } from "./manifest.ts";
import { checkPluginFiles } from "./plugin_files.ts";
import { sha256 } from "../../ffi/sha256.ts";

/** A library that is what its manifest says. */
export interface CheckedLibrary {
  /** Real path. */
  readonly file: string;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
  /** The bytes that were hashed; look at these, not at the file again. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the library for a platform once and compares size and hash with the manifest.
 *
 * @param platform such as `linux-x86_64`
 * @throws {CaissonError} `CAISSON_PLUGIN_UNSEALED`, `CAISSON_LIBRARY_NOT_FOUND`, `CAISSON_LIBRARY_HASH` or
 * `CAISSON_MODULE_OUTSIDE`
 */
export async function checkLibrary(
  plugin: PluginPackage,
  platform: string,
): Promise<CheckedLibrary> {
  const { manifest, folder, manifestFile } = plugin;
  const libraries = manifest.native?.libraries;
  if (libraries === undefined) {
    throw new CaissonError("CAISSON_PLUGIN_UNSEALED", {
      subject: manifestFile,
      found: "no library: it has not been built",
      allowed: "a manifest that names a library, as dist/plugin.json does",
      action: `Run: caisson build ${folder}`,
    });
  }
  const sealed = Object.hasOwn(libraries, platform) ? libraries[platform] : undefined;
  if (sealed === undefined) {
    throw new CaissonError("CAISSON_LIBRARY_NOT_FOUND", {
      subject: `${manifestFile}: native.libraries`,
      found: `no library for ${platform}`,
      allowed: Object.keys(libraries).join(", "),
      action: `Build the plugin on ${platform} with caisson build.`,
    });
  }
  await checkPluginFiles(folder);
  const file = join(folder, sealed.file);
  const bytes = await read(file, manifestFile);
  const found = await sha256(bytes);
  if (bytes.length !== sealed.size || found !== sealed.sha256) {
    throw new CaissonError("CAISSON_LIBRARY_HASH", {
      subject: file,
      found: `${bytes.length} bytes, sha256 ${found}`,
      allowed: `${sealed.size} bytes, sha256 ${sealed.sha256}`,
    });
  }
  return { file, sha256: found, bytes };
}

async function read(
  file: string,
  manifestFile: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    throw new CaissonError("CAISSON_LIBRARY_NOT_FOUND", {
      subject: manifestFile,
      found: `no ${file}, which it names`,
      cause: error,
    });
  }
}
