import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadLibrary } from "../../ffi/library.ts";
import { hostPlatform } from "../../ffi/platform.ts";
import { sha256 } from "../../ffi/sha256.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { nativeBatch, openProbe } from "./probe_instance.ts";

const PLATFORM = "linux-x86_64";
const file = fromFileUrl(
  new URL(`fixtures/frozen-1.0-${PLATFORM}.so`, import.meta.url),
);
const manifest: Manifest = JSON.parse(
  await Deno.readTextFile(new URL("fixtures/probe/plugin.json", import.meta.url)),
);

Deno.test({
  name: "a plugin compiled when ABI 1.0 was frozen still runs",
  ignore: hostPlatform() !== PLATFORM,
  fn: async () => {
    const cacheFolder = await Deno.realPath(await Deno.makeTempDir());
    try {
      const digest = await sha256(await Deno.readFile(file));
      await using library = await loadLibrary({
        file,
        sha256: digest,
        manifest,
        cacheFolder,
      });
      const { instance, error } = await openProbe(library);
      const batch = nativeBatch(library);
      assertEquals(library.source.poll(instance, batch.block, 4, error), 0);
      assertEquals(batch.count, 4);
      assertEquals(batch.sequence(3), 3);
      assertEquals(batch.payload(3)[0], 3);
      assertEquals(library.sink.write(instance, batch.block, null, error), 10);
      await library.common.close(instance);
      assertEquals(library.common.live(), 0);
    } finally {
      await Deno.remove(cacheFolder, { recursive: true });
    }
  },
});
