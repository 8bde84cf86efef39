import { assertEquals } from "@std/assert";
import { compileAndRun, INCLUDE, run, STRICT } from "./compile.ts";
import { versionOf } from "../../ffi/compiler.ts";
import { fromFileUrl } from "@std/path";

const source = await Deno.readTextFile(new URL("c/helpers.c", import.meta.url));
const hasCxx = await versionOf(["c++"]) !== undefined;

Deno.test("the helpers stay inside their memory, under sanitizers", async () => {
  const output = await compileAndRun(source, [
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
  ]);
  assertEquals(output, "ok\n");
});

Deno.test({
  name: "the headers compile as C++17 without a warning",
  ignore: !hasCxx,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const program = `${folder}/program`;
      const [, ...flags] = STRICT;
      await run([
        "c++",
        "-x",
        "c++",
        "-std=c++17",
        ...flags,
        `-I${fromFileUrl(INCLUDE)}`,
        "-o",
        program,
        fromFileUrl(new URL("c/helpers.c", import.meta.url)),
      ]);
      assertEquals(await run([program]), "ok\n");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
