import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, inFolder, lineFlags, writeFiles } from "./cli.ts";

/** Everything, as the author of native code has it; the cache stays in the folder. */
const author = ["--allow-read", "--allow-write", "--allow-run", "--allow-ffi", "--allow-env=CC"];

Deno.test("a native plugin whose grant names no isolation runs in a runner, with the line flags prints", async () => {
  await inFolder(async (cwd) => {
    const cache = ["--cache", `${cwd}/cache`];
    assertEquals((await caisson(["new", "plugin", "--c", "first"], { cwd, flags: author })).code, 0);
    assertEquals((await caisson(["build", "first", ...cache], { cwd, flags: author })).code, 0);
    const example = `${cwd}/first/example`;
    await writeFiles(example, { "caisson.grants.json": { grants: 1, plugins: { first: { permissions: {} } } } });
    for (const compiles of [true, false]) {
      const line = await caisson(["flags", "flow.json", "--plugin", "..", ...cache], { cwd: example, flags: author });
      assertEquals(line.code, 0, line.stderr);
      const { flags, words } = lineFlags(line.stdout);
      const runs = flags.find((flag) => flag.startsWith("--allow-run="))!;
      assertStringIncludes(runs, `${cwd}/cache/native/runner-`);
      assertEquals(runs.split(/[=,]/).includes("cc"), compiles, runs);
      assert(flags.includes(`--allow-ffi=${cwd}/cache`), flags.join(" "));
      const ran = await caisson([...words, "--json"], { cwd: example, flags });
      assertEquals(ran.code, 0, ran.stdout + ran.stderr);
      const report = JSON.parse(ran.stdout);
      assertEquals([report.in, report.out, report.failed], [3, 3, 0]);
      const node = report.nodes.find(({ type }: { type: string }) => type === "first");
      assertEquals([node.plugin, node.isolation, node.level], ["first", "runner", "sandbox"]);
    }
  });
});
