import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openSystemLoader } from "../../ffi/system_loader.ts";
import { cacheFolder } from "../../ffi/cache_folder.ts";
import { writeAtomically } from "../../ffi/write_atomically.ts";
import { buildProbe } from "./probe_plugin.ts";
import { runApart } from "../run_apart.ts";
import { assertRefused } from "./refusal.ts";

Deno.test("the cache is where the operator says, else where the platform keeps caches", async () => {
  assertEquals(cacheFolder("/given"), "/given");
  const chosen = async (env: Readonly<Record<string, string>>) =>
    await runApart(import.meta.resolve("./print_cache_folder.ts"), { env });
  assertEquals(await chosen({ XDG_CACHE_HOME: "/caches" }), join("/caches", "caisson"));
  if (Deno.build.os !== "linux") return;
  // Deno itself keeps its cache below HOME, so this one must be there.
  const home = await Deno.realPath(await Deno.makeTempDir());
  try {
    assertEquals(await chosen({ XDG_CACHE_HOME: "", HOME: home }), `${home}/.cache/caisson`);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test({
  name: "says which flag lets the cache be found",
  permissions: { env: false },
  fn: () =>
    assertRefused(
      () => cacheFolder(),
      "CAISSON_HOST_PERMISSION",
      "--allow-env=XDG_CACHE_HOME,HOME",
    ),
});

Deno.test("a write that fails leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const target = join(folder, "taken");
    await Deno.mkdir(join(target, "full"), { recursive: true });
    await assertRejects(() => writeAtomically(target, "text"));
    const left = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(left.map(({ name }) => name), ["taken"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "the system's loader does what the adapter does",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using probe = await buildProbe();
    const loader = openSystemLoader();
    try {
      const anchor = loader.anchor(probe.file);
      assert(loader.isLoaded(probe.file));
      assert(loader.exports(anchor, "caisson_live_1"));
      assert(!loader.exports(anchor, "caisson_codec_1"));
      loader.releaseAnchor(anchor);
      assert(!loader.isLoaded(probe.file));
      assertRefused(
        () => loader.anchor(join(probe.folder, "none.so")),
        "CAISSON_LIBRARY_LOAD",
        "none.so",
      );
      const memory = new Uint8Array([1, 2, 3, 4]);
      const copy = new Uint8Array(2);
      loader.read(loader.address(memory.subarray(1)), copy);
      assertEquals(copy, new Uint8Array([2, 3]));
    } finally {
      loader.shut();
    }
  },
});
