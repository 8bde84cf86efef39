/** Files that decide what plugins may do: no plugin may write them. @module */
import { dirname, join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { type EffectivePermissions, isInside } from "./effective.ts";
import { realPathOf } from "./real_path.ts";
import { stateFolderName } from "./state_folder.ts";
import { lockName } from "./lock_name.ts";

/**
 * Refuses permissions with which a plugin could grant itself more, swap code, or rewrite what was recorded about it.
 *
 * @param grantsFile the grant file; lock, store and audit log lie beside it
 * @throws {CaissonError} `CAISSON_GRANT_INVALID`
 */
export async function refuseGuardedPaths(
  plugin: string,
  { write }: EffectivePermissions,
  grantsFile: string,
): Promise<void> {
  if (!write) return;
  const folder = dirname(grantsFile);
  const guarded = await Promise.all(
    [grantsFile, join(folder, lockName), join(folder, stateFolderName)].map(realPathOf),
  );
  for (const path of write) {
    const real = await realPathOf(path);
    const met = guarded.find((each) => isInside(each, real) || isInside(real, each));
    if (met === undefined) continue;
    throw new CaissonError("CAISSON_GRANT_INVALID", {
      subject: `${plugin}: write ${path}`,
      found: `${met}, which decides what plugins may do, could be written by the plugin`,
      allowed: "folders that hold neither grants, lock, store nor audit log",
      action: "Grant a folder of the plugin's own, such as an output folder beside them.",
    });
  }
}
