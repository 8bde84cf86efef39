/** Where the lock lies. @module */
import { dirname, join, resolve } from "@std/path";

/** Name of the lock file, beside the grant file. */
export const lockName = "caisson.lock";

/** The lock that belongs to a grant file. */
export function lockFileOf(grantsFile: string): string {
  return join(dirname(resolve(grantsFile)), lockName);
}
