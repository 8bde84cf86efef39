/** Notices that a file was changed, replaced or removed. @module */

/** How often is looked, milliseconds. */
const LOOK_MS = 500;

/**
 * Calls `changed` after each change of a file, until disposed of. Calls do not overlap.
 *
 * It looks every half second. A watch of the system's follows the file that was there at first, and what replaces it, as
 * editors and this command line do, would go unseen; a watch of the folder needs a permission for all of it.
 */
export function watchFile(file: string, changed: () => Promise<void>): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let known: string | undefined;
  let seen: string | undefined;
  const look = async (): Promise<void> => {
    const now = await stateOf(file);
    // Twice the same: whoever writes is done.
    const settled = now === seen;
    seen = now;
    known ??= now;
    if (settled && now !== known && !ended) {
      known = now;
      await changed();
    }
    if (!ended) timer = setTimeout(look, LOOK_MS);
  };
  void look();
  return {
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

async function stateOf(file: string): Promise<string> {
  try {
    const { mtime, size, ino, dev } = await Deno.stat(file);
    return `${dev} ${ino} ${size} ${mtime?.getTime()}`;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
