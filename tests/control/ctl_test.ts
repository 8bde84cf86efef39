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
