/** Folders of the host's cache that nothing has used for a month. @module */
import { join } from "@std/path";

/** How long a folder stays unused before it goes, milliseconds. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;
/** How often a use is noted, milliseconds. */
const NOTED_MS = UNUSED_MS / 30;

/** Folders that were looked through by this process, and for what names. */
const seen = new Set<string>();

/**
 * Notes that a folder is used, at most once a day, as well as this host can: a cache on a read-only disk, one that belongs to
 * somebody else, or one that another host empties at this moment is no reason not to start a guard. An unused folder that
 * stays costs room alone.
 */
export async function noteUse(folder: string): Promise<void> {
  const now = new Date();
  const { mtime } = await Deno.lstat(folder).catch(() => ({ mtime: now }));
  if (mtime !== null && now.getTime() - mtime.getTime() <= NOTED_MS) return;
  await Deno.utime(folder, now, now).catch(() => undefined);
}

/**
 * Removes the folders in `parent` whose names fit and that no host has used for 30 days, as well as this host can; once in a
 * process for each kind of names. Several hosts may do so at the same time: a folder is taken out of its place whole before it
 * is emptied, and by one of them.
 */
export async function removeUnused(parent: string, fits: RegExp): Promise<void> {
  const search = `${fits.source} ${parent}`;
  if (seen.has(search)) return;
  seen.add(search);
  const oldest = Date.now() - UNUSED_MS;
  const found = await Array.fromAsync(Deno.readDir(parent)).catch(() => []);
  for (const { name, isDirectory } of found) {
    if (!isDirectory || !fits.test(name)) continue;
    const folder = join(parent, name);
    const { mtime } = await Deno.lstat(folder).catch(() => ({ mtime: new Date() }));
    if (mtime !== null && mtime.getTime() <= oldest) {
      await removeWhole(folder, join(parent, `gone-${crypto.randomUUID()}`));
    }
  }
}

async function removeWhole(folder: string, gone: string): Promise<void> {
  try {
    await Deno.rename(folder, gone);
    await Deno.remove(gone, { recursive: true });
  } catch {
    // What is left of it is looked at again after another month.
  }
}
