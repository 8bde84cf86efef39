/** Folders of the host's cache that are put in place whole, and that nobody else may have made. @module */
import { dirname } from "@std/path";
import { privateFolder } from "../../ffi/cache_folder.ts";
import { CaissonError } from "../errors/caisson_error.ts";

/**
 * Makes a folder where there is none, and puts it in place under its name when it is complete.
 *
 * @param folder where it goes; its name says everything its content depends on
 * @param fill writes the content into the folder it is given
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` for a folder that others may write to, and what `fill` throws
 */
export async function completeFolder(folder: string, fill: (partial: string) => Promise<void>): Promise<void> {
  if (await isOurs(folder)) return;
  await privateFolder(dirname(folder));
  const partial = `${folder}.${crypto.randomUUID()}.partial`;
  try {
    await privateFolder(partial);
    await fill(partial);
    await Deno.rename(partial, folder);
  } catch (cause) {
    await Deno.remove(partial, { recursive: true }).catch(() => undefined);
    // Another host was faster: a folder that is not empty is never replaced.
    if (!await isOurs(folder)) throw cause;
  }
}

/** Whether the folder is there. One that others may write to, or take out of its place, could hold anything. */
async function isOurs(folder: string): Promise<boolean> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(folder);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
  const parent = await Deno.stat(dirname(folder));
  const user = ownUser() ?? parent.uid;
  for (const [place, { isDirectory, mode, uid }] of [[dirname(folder), parent], [folder, found]] as const) {
    const open = Deno.build.os !== "windows" && ((mode ?? 0) & 0o022) !== 0;
    if (isDirectory && !open && uid === user) continue;
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: place,
      found: isDirectory ? "a folder that others may write to, or made" : "no folder",
      allowed: "a folder of the host's own user, to which nobody else may write: every guard runs what is in it",
      action: `Find out who made it, and remove it: ${place}`,
    });
  }
  return true;
}

/** The user this host runs as. Without the permission to ask, the owner of the folder above is taken for it. */
function ownUser(): number | null | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "uid" });
  return state === "granted" ? Deno.uid() : undefined;
}
