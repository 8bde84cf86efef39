import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hostPlatform } from "../../ffi/platform.ts";
import { caisson, inFolder, lineFlags, writeFiles } from "./cli.ts";

/** Everything, as the author of native code has it; the cache stays in the folder. */
const author = ["--allow-read", "--allow-write", "--allow-run", "--allow-ffi", "--allow-env=CC"];

const made = (["c", "rust"] as const).flatMap((language) =>
  (["source", "processor", "sink"] as const).map((kind) => ({ language, kind }))
);

for (const { language, kind } of made) {
  Deno.test(`new plugin --${language} makes a ${kind} that builds, passes check and runs with the line flags prints`, async () => {
    await inFolder(async (cwd) => {
      const cache = ["--cache", `${cwd}/cache`];
      const words = (...all: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
        caisson(all, { cwd, flags: author });
      assertEquals((await words("new", "plugin", `--${language}`, "first", "--kind", kind)).code, 0);

      const unbuilt = await words("check", "first");
      assertEquals(unbuilt.code, 3);
      assertStringIncludes(unbuilt.stderr, "CAISSON_PLUGIN_UNSEALED");

      const built = await words("build", "first", ...cache, "--json");
      assertEquals(built.code, 0, built.stderr);
      const [{ library, sha256, cached }] = JSON.parse(built.stdout).built;
      assertEquals(cached, false);
      assertEquals(JSON.parse((await words("build", "first", ...cache, "--json")).stdout).built[0].cached, true);

      const checked = await words("check", "first");
      assertEquals(checked.code, 0, checked.stderr);
      assertStringIncludes(checked.stderr, sha256);

      const inspected = await words("inspect", library);
      assertEquals(inspected.code, 0, inspected.stderr);
      for (const text of [`${kind}@1.0`, '"first" "0.1.0"', sha256, "unloadable"]) {
        assertStringIncludes(inspected.stdout, text);
      }
      assertStringIncludes((await words("inspect", "first")).stdout, sha256);

      const example = `${cwd}/first/example`;
      const line = await caisson(["flags", "flow.json", "--plugin", "..", ...cache], { cwd: example, flags: author });
      assertEquals(line.code, 0, line.stderr);
      const { flags, words: run } = lineFlags(line.stdout);
      assert(flags.includes(`--allow-ffi=${cwd}/cache`), "the line has a path-scoped --allow-ffi");
      assert(!flags.some((flag) => flag.startsWith("--allow-run")), "build has compiled the adapter");
      const ran = await caisson([...run, "--json"], { cwd: example, flags });
      assertEquals(ran.code, 0, ran.stdout + ran.stderr);
      const report = JSON.parse(ran.stdout);
      assertEquals([report.in, report.out, report.failed], [3, 3, 0]);
      const node = report.nodes.find(({ type }: { type: string }) => type === "first");
      assertEquals([node.plugin, node.isolation, node.level], ["first", "native", "none"]);
      if (kind === "sink") assertEquals(node.part, { events: 3, bytes: 21 });
      if (kind !== "sink") {
        const lines = (await Deno.readTextFile(`${example}/output.ndjson`)).trim().split("\n");
        assertEquals(lines.map((text) => JSON.parse(text).n), [1, 2, 3]);
      }
      if (kind === "processor") {
        const kit = await caisson(["check", "--run", "first", "--isolation", "native", ...cache], {
          cwd,
          flags: [...author, "--allow-net=127.0.0.1"],
        });
        assertEquals(kit.code, 0, kit.stdout + kit.stderr);
        const flow = JSON.parse(await Deno.readTextFile(`${example}/flow.json`));
        flow.processors.first.config["max_bytes"] = 7;
        await writeFiles(example, { "flow.json": flow, "input.ndjson": '{"n":1}\n{"n":22}\n{"n":3}\n' });
        const again = JSON.parse((await caisson([...run, "--json"], { cwd: example, flags })).stdout);
        const { part } = again.nodes.find(({ type }: { type: string }) => type === "first");
        assertEquals([part, again.dropped, again.failed], [{ dropped: 1 }, 1, 0]);
      }
    });
  });
}

Deno.test("flags gives native plugins a cache folder where the environment may not be read", async () => {
  await inFolder(async (cwd) => {
    await caisson(["new", "plugin", "--c", "first"], { cwd, flags: author });
    await caisson(["build", "first", "--cache", "cache"], { cwd, flags: author });
    const flow = ["first/example/flow.json", "--plugin", "first"];
    const { code, stdout, stderr } = await caisson(["flags", ...flow], { cwd, flags: ["--allow-read=."] });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "--allow-ffi=.caisson");
    assertStringIncludes(stdout, `--cache ${cwd}/.caisson`);
    assertStringIncludes(stderr, "--allow-run=cc: compiling that adapter, once");
  });
});

Deno.test("check refuses what does not fit with 3, before anything is loaded", async () => {
  await inFolder(async (cwd) => {
    await caisson(["new", "plugin", "--c", "first"], { cwd, flags: author });
    const cache = ["--cache", "cache"];
    const built = await caisson(["build", "first", ...cache, "--json"], { cwd, flags: author });
    const [{ library }] = JSON.parse(built.stdout).built;
    const bytes = await Deno.readFile(library);
    await Deno.chmod(library, 0o700);
    await Deno.writeFile(library, Uint8Array.of(...bytes, 0));
    const changed = await caisson(["check", "first"], { cwd, flags: author });
    assertEquals(changed.code, 3);
    assertStringIncludes(changed.stderr, "CAISSON_LIBRARY_HASH");

    const manifest = JSON.parse(await Deno.readTextFile(`${cwd}/first/plugin.json`));
    manifest.native.abi = "2.0";
    await writeFiles(cwd, { "first/plugin.json": manifest });
    const newer = await caisson(["check", "first"], { cwd, flags: author });
    assertEquals(newer.code, 3);
    assertStringIncludes(newer.stderr, "CAISSON_ABI_MISMATCH");
  });
});

for (
  const [file, platform] of [
    ["minimal-windows-x86_64.dll", "windows-x86_64"],
    ["minimal-darwin-aarch64.dylib", "darwin-aarch64"],
    ["minimal-linux-aarch64.so", "linux-aarch64"],
  ] as const
) {
  Deno.test(`inspect shows a library for ${platform} on any machine`, async () => {
    const library = new URL(`../ffi/fixtures/${file}`, import.meta.url);
    await inFolder(async (cwd) => {
      await Deno.copyFile(library, `${cwd}/library`);
      const { code, stdout, stderr } = await caisson(["inspect", "library", "--json"], {
        cwd,
        flags: ["--allow-read=."],
      });
      assertEquals(code, 0, stderr);
      const document = JSON.parse(stdout);
      assertEquals([document.platform, document.abi], [platform, "1.0"]);
      assertEquals(document.fits, platform === hostPlatform());
    });
  });
}

Deno.test("inspect refuses a file that is no plugin, and one that is not there", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, { "text.so": "not a library" });
    const text = await caisson(["inspect", "text.so"], { cwd, flags: ["--allow-read=."] });
    assertEquals(text.code, 3);
    assertStringIncludes(text.stderr, "CAISSON_LIBRARY_FORMAT");
    const absent = await caisson(["inspect", "none.so"], { cwd, flags: ["--allow-read=."] });
    assertEquals(absent.code, 2);
  });
});

Deno.test("build names every permission it lacks at once, and what a compiler says", async () => {
  await inFolder(async (cwd) => {
    await caisson(["new", "plugin", "--c", "first"], { cwd, flags: author });
    const lacking = await caisson(["build", "first", "--cache", "cache"], { cwd, flags: ["--allow-read=first"] });
    assertEquals(lacking.code, 4);
    for (const flag of ["--allow-write=cache", "--allow-write=first/dist", "--allow-run=cc"]) {
      assertStringIncludes(lacking.stderr, flag);
    }
    const line = lineFlags(lacking.stderr);
    const built = await caisson(line.words, { cwd, flags: line.flags });
    assertEquals(built.code, 0, built.stderr);

    await Deno.writeTextFile(`${cwd}/first/first.c`, "this is no C\n");
    const broken = await caisson(["build", "first", "--cache", "cache"], { cwd, flags: author });
    assertEquals(broken.code, 1);
    assertStringIncludes(broken.stderr, "CAISSON_BUILD_FAILED");
    assertStringIncludes(broken.stderr, "\n  | ");
  });
});
