/** Whether files are still the ones that were checked. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { sha256 } from "../../ffi/sha256.ts";

/** A file as it was when it was checked. */
export interface CheckedFile {
  /** Path. */
  readonly file: string;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
}

/**
 * Hashes files again, right before they are used.
 *
 * @throws {CaissonError} `CAISSON_PLUGIN_CHANGED` naming the first file that differs or is gone
 */
export async function verifyUnchanged(
  files: readonly CheckedFile[],
): Promise<void> {
  for (const { file, sha256: expected } of files) {
    let found: string;
    try {
      found = await sha256(await Deno.readFile(file));
    } catch (error) {
      throw new CaissonError("CAISSON_PLUGIN_CHANGED", {
        subject: file,
        found: messageOf(error),
        allowed: `the file that was checked, sha256 ${expected}`,
        cause: error,
      });
    }
    if (found !== expected) {
      throw new CaissonError("CAISSON_PLUGIN_CHANGED", {
        subject: file,
        found: `sha256 ${found}`,
        allowed: `the file that was checked, sha256 ${expected}`,
      });
    }
  }
}
