/** Where a path leads, also when its end does not exist yet. @module */
import { basename, dirname, join } from "@std/path";

/**
 * The path with every link resolved, as far as it is there and the host may look.
 *
 * What the host may not read stays as it is spelled: Deno compares the spelling too, so nothing becomes wider by it.
 */
export async function realPathOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    const parent = dirname(path);
    if (error instanceof Deno.errors.NotCapable || parent === path) return path;
    return join(await realPathOf(parent), basename(path));
  }
}
