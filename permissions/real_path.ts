/** Where a path leads, also when its end does not exist yet. @module */
import { basename, dirname, join, resolve } from "@std/path";

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
    // A link whose target is not there yet leads there as soon as somebody makes it.
    const target = error instanceof Deno.errors.NotFound ? await Deno.readLink(path).catch(() => undefined) : undefined;
    if (target !== undefined) return await realPathOf(resolve(parent, target));
    return join(await realPathOf(parent), basename(path));
  }
}
