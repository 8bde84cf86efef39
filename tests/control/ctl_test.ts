import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, cliArgs, inFolder, writeFiles } from "../command/cli.ts";

Deno.test("a flow that caisson run --control runs is asked, paused and stopped by caisson ctl", () =>
  inFolder(async (cwd) => {
    await writeFiles(cwd, {
      "flow.json": {
        name: "echo",
        connectors: { input: { type: "stdio" }, output: { type: "file", config: { path: "out.ndjson" } } },
        links: [{ from: "input", to: "output" }],
      },
    });
    await using host = new Deno.Command(Deno.execPath(), {
      args: cliArgs(["run", "flow.json", "--control", "0", "--json"], ["-A"]),
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const ctl = (...words: string[]) => caisson(["ctl", ...words], { cwd, flags: ["-A"] });
    for (let attempt = 0;; attempt++) {
      const asked = await ctl("flows");
      if (asked.stdout.includes("echo")) break;
      assert(attempt < 300, asked.stderr);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assertStringIncludes((await ctl("status")).stdout, `process ${host.pid}, `);
    assertEquals(JSON.parse((await ctl("pause", "echo", "--json")).stdout).state, "paused");
    const connectors = await ctl("connectors", "echo");
    assertStringIncludes(connectors.stdout, "paused");
    assertEquals((await ctl("resume", "echo")).code, 0);
    const none = await ctl("pause", "echo", "nothing");
    assertEquals(none.code, 1);
    assertStringIncludes(none.stderr, "CAISSON_CONTROL_UNKNOWN");
    assertEquals((await ctl("halt")).code, 2);
    assertEquals((await ctl("stop")).code, 2);
    const stopped = await ctl("stop", "echo", "--drain", "5", "--json");
    assertEquals(JSON.parse(stopped.stdout).state, "stopped", stopped.stderr);
    host.stdin.close();
    const { code } = await host.output();
    assertEquals(code, 0);
    const after = await ctl("status");
    assertEquals(after.code, 1);
    assertStringIncludes(after.stderr, "CAISSON_CONTROL_UNREACHABLE");
  }));

Deno.test("ctl and run --control name the permissions they need, and no more", () =>
  inFolder(async (cwd) => {
    await writeFiles(cwd, {
      "flow.json": {
        name: "copy",
        connectors: {
          input: { type: "file", config: { path: "flow.json" } },
          output: { type: "file", config: { path: "out.json" } },
        },
        links: [{ from: "input", to: "output" }],
      },
    });
    const run = await caisson(["run", "flow.json", "--control", "0"], { cwd, flags: ["--allow-read"] });
    assertEquals(run.code, 4);
    assertStringIncludes(run.stderr, "--allow-net=127.0.0.1:0 (the control API)");
    const ctl = await caisson(["ctl", "flows"], { cwd });
    assertEquals(ctl.code, 4);
    assert(ctl.stderr.includes("control.json (the control file)"), ctl.stderr);
  }));

Deno.test("caisson run --watch takes a plugin as it was saved", () =>
  inFolder(async (cwd) => {
    const manifest = {
      manifest: 1,
      name: "ticker",
      version: "1.0.0",
      runtime: "^0.1.0",
      provides: [{ kind: "source", name: "ticker", interface: "source@1.0" }],
      module: "./mod.ts",
    };
    const code = (word: string) =>
      `export default { ticker: () => ({ async read() {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return { kind: "events", values: [{ word: "${word}" }] };
      } }) };`;
    await writeFiles(cwd, {
      "flow.json": {
        name: "words",
        connectors: {
          input: { type: "ticker" },
          output: { type: "file", config: { path: "out.ndjson" }, postprocessors: ["separate"] },
        },
        links: [{ from: "input", to: "output" }],
      },
      "plugins/ticker/plugin.json": manifest,
      "plugins/ticker/mod.ts": code("old"),
      "caisson.grants.json": { grants: 1, plugins: { ticker: { permissions: {} } } },
    });
    await using host = new Deno.Command(Deno.execPath(), {
      args: cliArgs(["run", "flow.json", "--watch", "--control", "0"], ["-A"]),
      cwd,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const written = async (word: string) => {
      for (let attempt = 0;; attempt++) {
        const text = await Deno.readTextFile(`${cwd}/out.ndjson`).catch(() => "");
        if (text.includes(word)) return;
        assert(attempt < 600, `no ${word}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await written("old");
    await Deno.writeTextFile(`${cwd}/plugins/ticker/mod.ts`, code("new"));
    await written("new");
    const stopped = await caisson(["ctl", "stop", "words"], { cwd, flags: ["-A"] });
    assertEquals(stopped.code, 0, stopped.stderr);
    assertEquals((await host.status).code, 0);
  }));
