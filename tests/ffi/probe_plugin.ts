/** Builds the probe plugin in a folder of its own. @module */
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";

const FIXTURE = new URL("fixtures/probe/", import.meta.url);

/** A built plugin that is removed with everything it left in its cache. */
export interface Probe extends AsyncDisposable {
  /** Folder of the plugin, with sources. */
  readonly folder: string;
  /** Cache folder for it alone. */
  readonly cacheFolder: string;
  /** The sealed manifest. */
  readonly manifest: Manifest;
  /** Path of the library. */
  readonly file: string;
  /** Digest of the library. */
  readonly sha256: string;
}

/** Compiles the probe, its source changed by `edit` first. */
export async function buildProbe(
  edit: (source: string) => string = (source) => source,
): Promise<Probe> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const folder = join(root, "probe");
  const cacheFolder = join(root, "cache");
  await Deno.mkdir(folder);
  await Deno.copyFile(
    fromFileUrl(new URL("plugin.json", FIXTURE)),
    join(folder, "plugin.json"),
  );
  const source = await Deno.readTextFile(new URL("probe.c", FIXTURE));
  await Deno.writeTextFile(join(folder, "probe.c"), edit(source));
  const remove = () => Deno.remove(root, { recursive: true });
  const built = await buildPlugin({ folder, cacheFolder }).catch(
    async (cause) => {
      await remove();
      throw cause;
    },
  );
  return {
    folder,
    cacheFolder,
    manifest: JSON.parse(await Deno.readTextFile(built.manifestFile)),
    file: built.library,
    sha256: built.sha256,
    [Symbol.asyncDispose]: remove,
  };
}
