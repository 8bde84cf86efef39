import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { compile, findCompiler } from "../../ffi/compiler.ts";
import { hasRust } from "../isolation/native_plugins.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What a harness run with one configuration is given. */
interface Run {
  readonly plugin: string;
  readonly good: Record<string, unknown>;
  readonly bad: Record<string, unknown>;
  readonly refusal: string;
  readonly offersMemory?: boolean;
}

const RUNS: readonly Run[] = [
  {
    plugin: "blaster",
    good: { path: join(ROOT, "plugins/blaster/README.md") },
    bad: { path: "/no/such/file" },
    refusal: 'path: cannot open "/no/such/file": No such file or directory',
  },
  {
    plugin: "blaster",
    good: { path: join(ROOT, "plugins/blaster/README.md"), chunk: "file" },
    bad: { path: "x", event_bytes: 3 },
    refusal: "path: allowed: a file to replay, or else event_bytes to make events up",
    offersMemory: false,
  },
  {
    plugin: "blaster",
    good: { event_bytes: 33, distinct: 7, rate: 1_000_000, count: 3000 },
    bad: { event_bytes: 0 },
    refusal: "event_bytes: allowed: a whole number from 1 to 67108864",
  },
  {
    plugin: "blackhole",
    good: { verify: true, checksum: true, fail_every: 3, fail_action: "deadletter" },
    bad: { fail_every: -1 },
    refusal: "fail_every: allowed: a whole number from 0 to 4294967295",
  },
  {
    plugin: "transform",
    good: { mode: "pass" },
    bad: { mode: "fast" },
    refusal: "mode: allowed: pass, count",
  },
  {
    plugin: "transform",
    good: { mode: "count" },
    bad: { mode: 7 },
    refusal: "mode: allowed: pass, count",
  },
];

/** Compiles the harness and the plugins with the same sanitizer, side by side. */
async function buildAll(folder: string, sanitizer: string): Promise<void> {
  const { command } = await findCompiler();
  const common = [
    "-std=c11",
    "-D_DEFAULT_SOURCE",
    "-g",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    `-fsanitize=${sanitizer}`,
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    `-I${join(ROOT, "ffi/include")}`,
  ];
  await compile("harness", command, [
    ...common,
    join(ROOT, "tests/ffi/harness/harness.c"),
    "-ldl",
    "-lpthread",
    "-o",
    join(folder, "harness"),
  ]);
  for (const plugin of new Set(RUNS.map((run) => run.plugin))) {
    const root = join(ROOT, "plugins", plugin);
    const manifest = JSON.parse(
      await Deno.readTextFile(join(root, "plugin.json")),
    ) as { native: { build: { sources: string[] } } };
    await compile(plugin, command, [
      ...common,
      "-fPIC",
      "-shared",
      "-fvisibility=hidden",
      ...manifest.native.build.sources.map((source) => join(root, source)),
      "-o",
      join(folder, `${plugin}.so`),
    ]);
  }
}

async function runHarness(folder: string, run: Run): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(
    join(folder, "harness"),
    {
      args: [
        join(folder, `${run.plugin}.so`),
        "0",
        JSON.stringify(run.good),
        JSON.stringify(run.bad),
        ...(run.offersMemory === false ? ["no-memory"] : []),
      ],
    },
  ).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals(
    code,
    0,
    `${run.plugin} ${JSON.stringify(run.good)}:\n${decode(stderr)}`,
  );
  return decode(stdout);
}

// The sanitizers' runtimes come with the compiler on Linux; elsewhere their flags differ.
for (const sanitizer of ["address,undefined", "thread"]) {
  Deno.test({
    name: `every C plugin keeps to the ABI in a C host, sanitizers ${sanitizer}`,
    ignore: Deno.build.os !== "linux",
    async fn(context) {
      const folder = await Deno.makeTempDir();
      try {
        await buildAll(folder, sanitizer);
        for (const run of RUNS) {
          await context.step(`${run.plugin} ${JSON.stringify(run.good).replaceAll(ROOT, "")}`, async () => {
            const said = await runHarness(folder, run);
            assertStringIncludes(said, `refused: ${run.refusal}`);
            assertEquals(said.trimEnd().split("\n").at(-1), "ok");
          });
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals(code, 0, decode(stderr) + decode(stdout));
  return decode(stdout);
}

Deno.test({
  name: "transform in Rust keeps to the ABI in a C host",
  ignore: Deno.build.os !== "linux" || !hasRust(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await buildAll(folder, "address,undefined");
      const { library } = await buildPlugin({ folder: join(ROOT, "plugins/transform/rust") });
      await Deno.copyFile(library, join(folder, "transform_rust.so"));
      for (const mode of ["pass", "count"]) {
        const said = await runHarness(folder, {
          plugin: "transform_rust",
          good: { mode },
          bad: { mode: "fast" },
          refusal: "",
        });
        assertStringIncludes(said, 'refused: mode: "fast"; allowed: pass, count');
        assertEquals(said.trimEnd().split("\n").at(-1), "ok");
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "the Rust crate and the plugin made with it pass their own tests",
  ignore: !hasRust(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const rlib = join(folder, "libcaisson.rlib");
      const crate = join(ROOT, "ffi/sdk/rust/src/lib.rs");
      const plugin = join(ROOT, "plugins/transform/rust/src/lib.rs");
      const rustc = (...args: string[]) => run("rustc", ["--edition", "2021", "-D", "warnings", ...args]);
      await rustc("--crate-name", "caisson", "--crate-type", "rlib", crate, "-o", rlib);
      await rustc("--test", crate, "-o", join(folder, "crate_tests"));
      await rustc("--test", "--extern", `caisson=${rlib}`, plugin, "-o", join(folder, "plugin_tests"));
      assertStringIncludes(await run(join(folder, "crate_tests"), []), "test result: ok.");
      assertStringIncludes(await run(join(folder, "plugin_tests"), []), "test result: ok.");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
