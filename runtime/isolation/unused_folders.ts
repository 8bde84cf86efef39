/** Folders of the host's cache that nothing has used for a month. @module */
import { join } from "@std/path";

/** How long a folder stays unused before it goes, milliseconds. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;
/** How often a use is noted, milliseconds. */
const NOTED_MS = UNUSED_MS / 30;

/** Folders that were looked through by this process, and for what names. */
const seen = new Set<string>();

/** What a host that may only read its cache, or was not the first, runs into: the folder stays, which costs room alone. */
function isHarmless(cause: unknown): boolean {
  const { NotCapable, NotFound, PermissionDenied } = Deno.errors;
  return cause instanceof NotCapable || cause instanceof NotFound || cause instanceof PermissionDenied;
}

/** Notes that a folder is used; at most once a day. */
export async function noteUse(folder: string): Promise<void> {
  const now = new Date();
  try {
    const { mtime } = await Deno.stat(folder);
    if (mtime === null || now.getTime() - mtime.getTime() > NOTED_MS) await Deno.utime(folder, now, now);
  } catch (cause) {
    if (!isHarmless(cause)) throw cause;
  }
}

/**
 * Removes the folders in `parent` whose names fit and that no host has used for 30 days; once in a process for each kind of names. Several hosts
 * may do so at the same time: a folder is taken out of its place whole before it is emptied, and by one of them.
 */
export async function removeUnused(parent: string, fits: RegExp): Promise<void> {
  const search = `${fits.source} ${parent}`;
  if (seen.has(search)) return;
  seen.add(search);
  const oldest = Date.now() - UNUSED_MS;
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !fits.test(name)) continue;
    const folder = join(parent, name);
    const gone = join(parent, `gone-${crypto.randomUUID()}`);
    try {
      const { mtime } = await Deno.lstat(folder);
      if (mtime === null || mtime.getTime() > oldest) continue;
      await Deno.rename(folder, gone);
      await Deno.remove(gone, { recursive: true });
    } catch (cause) {
      if (!isHarmless(cause)) throw cause;
    }
  }
}
