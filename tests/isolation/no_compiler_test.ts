/** A machine without a sandbox: TypeScript runs at `process`, and says so; native code nobody reviewed does not run. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { buildMemoryLibrary } from "../../ffi/memory_library.ts";
import { buildPlugin } from "../../ffi/build.ts";
import { buildRunner } from "../../ffi/build_runner.ts";
import { buildShareLibrary } from "../../ffi/shared_memory.ts";
import { TEST_PLUGINS } from "./native_plugins.ts";

const HOST = fromFileUrl(new URL("./no_compiler_host.ts", import.meta.url));

Deno.test("without a launcher a guard runs at level process with a warning, and native code is refused", async () => {
  const cacheFolder = await Deno.realPath(await Deno.makeTempDir());
  try {
    // What was compiled earlier is there; the launcher is not, and no compiler is found along an empty path.
    await buildMemoryLibrary({ cacheFolder });
    await buildShareLibrary({ cacheFolder });
    await buildRunner({ cacheFolder });
    await buildPlugin({ folder: `${TEST_PLUGINS}/crashing` });
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--no-check", "--quiet", HOST, cacheFolder],
      cwd: fromFileUrl(new URL("../../", import.meta.url)),
      env: { PATH: cacheFolder, CC: "" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { level, warnings, refused } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([level, refused], ["process", "CAISSON_SANDBOX_MISSING"]);
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0], "level process: TypeScript plugins are held by Deno's permissions alone");
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
});
