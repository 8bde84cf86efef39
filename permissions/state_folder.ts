/** Where the host keeps what it writes itself: store and audit log. @module */
import { dirname, join, resolve } from "@std/path";

/** Name of the folder, beside the grant file. */
export const stateFolderName = ".caisson";

/** Places that belong to one grant file. */
export interface StateFolders {
  /** Installed plugins by hash. */
  readonly store: string;
  /** Audit log. */
  readonly audit: string;
}

/** The folders beside a grant file; none of them has to be there. */
export function stateFolders(grantsFile: string): StateFolders {
  const folder = join(dirname(resolve(grantsFile)), stateFolderName);
  return { store: join(folder, "store"), audit: join(folder, "audit") };
}
