import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { caisson, inFolder, lineFlags, writeFiles } from "../command/cli.ts";

const plugins = fromFileUrl(new URL("../../plugins", import.meta.url));
const author = ["--allow-read", "--allow-write=.", "--allow-net=127.0.0.1"];

const manifest = {
  manifest: 1,
  name: "tick",
  version: "1.0.0",
  runtime: "^0.1.0",
  provides: [{ kind: "source", name: "tick", interface: "source@1.0" }],
  module: "./mod.ts",
};

/** A source of ten events, written as the test needs it. */
const source = (value: string): string =>
  `export default { tick: () => {
    let n = 0;
    return { read: () => n === 10 ? { kind: "finished" } : { kind: "events", values: [${value}].map((v) => (n++, v)) } };
  } };\n`;

Deno.test("check --run passes a plugin that keeps to the contract, and says what it checked", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, {
      "tick/plugin.json": manifest,
      "tick/mod.ts": source("n"),
      "tick/conformance.json": { components: { tick: { deterministic: true } } },
    });
    const { code, stdout, stderr } = await caisson(["check", "--run", "tick", "--isolation", "worker"], {
      cwd,
      flags: author,
    });
    assertEquals(code, 0, stdout + stderr);
    assertStringIncludes(stdout, "15 of 15 checks passed in worker");
    assertStringIncludes(stderr, "ok      tick  worker  gives the same events every time: 10 events");
  });
});

Deno.test("check --run ends with 3 and a table of what is wrong; --json has every check", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, {
      "tick/plugin.json": manifest,
      "tick/mod.ts": source("Math.random()"),
      "tick/conformance.json": { components: { tick: { deterministic: true } } },
    });
    const words = ["check", "--run", "tick", "--isolation", "worker"];
    const { code, stdout } = await caisson(words, { cwd, flags: author });
    assertEquals(code, 3);
    assertStringIncludes(stdout, "component  isolation  check");
    assertStringIncludes(stdout, "gives the same events every time");
    const json = await caisson([...words, "--json"], { cwd, flags: author });
    assertEquals(json.code, 3);
    const report = JSON.parse(json.stdout);
    assertEquals([report.plugin, report.ok, report.isolations], ["tick", false, ["worker"]]);
    assertEquals(report.checks.filter(({ ok }: { ok: boolean }) => !ok).length, 1);
  });
});

Deno.test("check --run names the permissions it lacks, and the line it prints works", async () => {
  await inFolder(async (cwd) => {
    const words = ["check", "--run", `${plugins}/metronome`, "--isolation", "worker"];
    const lacking = await caisson(words, { cwd, flags: [] });
    assertEquals(lacking.code, 4);
    const some = await caisson(words, { cwd, flags: lineFlags(lacking.stderr).flags });
    assertEquals(some.code, 4);
    const { flags, words: run } = lineFlags(some.stderr);
    assert(flags.includes("--allow-net=127.0.0.1"));
    const ran = await caisson(run, { cwd, flags });
    assertEquals(ran.code, 0, ran.stdout + ran.stderr);
  });
});

Deno.test("check --run refuses an isolation there is not", async () => {
  await inFolder(async (cwd) => {
    const { code, stderr } = await caisson(["check", "--run", ".", "--isolation", "jail"], { cwd, flags: author });
    assertEquals(code, 2);
    assertStringIncludes(stderr, "--isolation jail");
    assertStringIncludes(stderr, "worker");
  });
});
