import { join } from "node:path";
import { buildPlugin } from "../../ffi/build.ts";

interface BuildableManifest {
  readonly native?: { readonly build?: { readonly language: string } };
}

/**
 * Compiles every native plugin in C below `plugins/`; a plugin that has not
 * changed is not compiled again. The result names the folders.
 */
export async function buildNativePlugins(root: string): Promise<string[]> {
  const built: string[] = [];
  for await (const entry of Deno.readDir(join(root, "plugins"))) {
    const folder = join(root, "plugins", entry.name);
    const text = await Deno.readTextFile(join(folder, "plugin.json"))
      .catch(() => "{}");
    const { native } = JSON.parse(text) as BuildableManifest;
    if (native?.build?.language !== "c") continue;
    await buildPlugin({ folder });
    built.push(`plugins/${entry.name}`);
  }
  return built.sort();
}
