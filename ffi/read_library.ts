/** Reads a sealed library, once. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { withPermission } from "./host_permission.ts";
import { sha256 } from "./sha256.ts";

/**
 * The bytes of a library that has the digest its manifest states.
 *
 * @param subject names the plugin in errors
 * @throws {CaissonError} `CAISSON_LIBRARY_NOT_FOUND`, `CAISSON_LIBRARY_HASH`, `CAISSON_HOST_PERMISSION`
 */
export async function readLibrary(
  file: string,
  wanted: string,
  subject: string,
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await withPermission(
      file,
      `--allow-read=${file}`,
      () => Deno.readFile(file),
    );
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new CaissonError("CAISSON_LIBRARY_NOT_FOUND", {
      subject: subject,
      found: `no file ${file}`,
      cause,
    });
  }
  const digest = await sha256(bytes);
  if (digest !== wanted.toLowerCase()) {
    throw new CaissonError("CAISSON_LIBRARY_HASH", {
      subject: `${subject} ${file}`,
      found: `SHA-256 ${digest}`,
      allowed: wanted,
    });
  }
  return bytes;
}
