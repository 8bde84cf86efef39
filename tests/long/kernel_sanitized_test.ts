import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { findCxxCompiler } from "../../ffi/cxx_compiler.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import { compilePipeline } from "../../runtime/pipeline/pipeline.ts";
import { eventsOfSeed, seeded } from "../kernel/hostile_json.ts";
import { hasKernel } from "../kernel/kernel_twin.ts";
import { randomPipeline } from "../kernel/random_pipelines.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

Deno.test({
  name: "hostile events leave the kernel's memory whole, under the address and undefined behaviour sanitizers",
  ignore: !await hasKernel(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const { command: [program, ...first] } = await findCxxCompiler();
      const kernel = join(ROOT, "plugins/json_kernel");
      const manifest = JSON.parse(await Deno.readTextFile(join(kernel, "plugin.json")));
      const sources = (manifest.native.build.sources as string[]).map((name) => join(kernel, name));
      const binary = join(folder, "fuzz");
      const built = await new Deno.Command(program, {
        args: [
          ...first,
          ...[
            "-std=c++17",
            "-O1",
            "-g",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            "-Wall",
            "-Wextra",
          ],
          ...["-Werror", `-I${join(ROOT, "ffi/include")}`, ...sources, join(ROOT, "tests/kernel/sanitized_host.cpp")],
          ...["-o", binary, "-lsimdjson", "-lm"],
        ],
      }).output();
      assertEquals(new TextDecoder().decode(built.stderr), "");
      for (let seed = 1; seed <= 40; seed++) {
        const random = seeded(seed);
        const program = kernelProgramOf(compilePipeline(randomPipeline(random), "test"));
        await Deno.writeTextFile(join(folder, "config"), JSON.stringify({ program: program!.text }));
        const arenaBytes = 40 + 8 * (program!.feeds?.reads.length ?? 0) + 96;
        // Each event: its length in four bytes, then the event.
        const events = eventsOfSeed(seed, random, 400);
        const bytes = new Uint8Array(events.reduce((sum, event) => sum + event.byteLength + 4, 0));
        let at = 0;
        for (const event of events) {
          new DataView(bytes.buffer).setUint32(at, event.byteLength, true);
          bytes.set(event, at + 4);
          at += 4 + event.byteLength;
        }
        await Deno.writeFile(join(folder, "events"), bytes);
        const { code, stdout, stderr } = await new Deno.Command(binary, {
          args: [join(folder, "config"), join(folder, "events"), String(arenaBytes)],
        }).output();
        assertEquals(new TextDecoder().decode(stderr), "", `seed ${seed}`);
        assertEquals(code, 0);
        assertStringIncludes(new TextDecoder().decode(stdout), '"events":800');
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
