/** What a host that is run from the command line takes while it runs: other steps, and plugins as their folders appear. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, cliArgs, inFolder, lineFlags, writeFiles } from "../command/cli.ts";

/** Waits for what another process does. */
async function eventually(is: () => Promise<boolean>, what: string): Promise<void> {
  for (let attempt = 0; !await is(); attempt++) {
    assert(attempt < 300, `not within its time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const stepping = (as: string): unknown => ({
  name: "stepping",
  connectors: {
    input: { type: "stdio", codec: "json", preprocessors: ["separate"] },
    output: { type: "file", config: { path: "out.ndjson" }, codec: "json", postprocessors: ["separate"] },
  },
  pipelines: { main: [{ project: { [as]: ["field", "n"] } }] },
  links: [{ from: "input", to: "main" }, { from: "main", to: "output" }],
});

Deno.test("ctl replace-steps puts the steps a flow file names in place of those that run, and says what it cannot find", () =>
  inFolder(async (cwd) => {
    await writeFiles(cwd, { "flow.json": stepping("old"), "next.json": stepping("next") });
    await using host = new Deno.Command(Deno.execPath(), {
      args: cliArgs(["run", "flow.json", "--control", "0"], ["-A"]),
      cwd,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ctl = (...words: string[]) => caisson(["ctl", ...words], { cwd, flags: ["-A"] });
    const input = host.stdin.getWriter();
    const write = (n: number) => input.write(new TextEncoder().encode(`{"n":${n}}\n`));
    const written = async (line: string) =>
      (await Deno.readTextFile(`${cwd}/out.ndjson`).catch(() => "")).includes(line);
    await write(1);
    await eventually(() => written('{"old":1}'), "the first event");
    const none = await ctl("replace-steps", "stepping", "other", "next.json");
    assertEquals(none.code, 2);
    assertStringIncludes(none.stderr, "no pipeline other");
    const replaced = await ctl("replace-steps", "stepping", "main", "next.json");
    assertEquals(replaced.code, 0, replaced.stderr);
    assertStringIncludes(replaced.stdout, "stepping/main: replaced after ");
    await write(2);
    await input.close();
    assertEquals((await host.status).code, 0);
    assertEquals(await Deno.readTextFile(`${cwd}/out.ndjson`), '{"old":1}\n{"next":2}\n');
  }));

Deno.test("run --watch-plugins registers a plugin whose folder appears, with the permissions its message names", () =>
  inFolder(async (cwd) => {
    await writeFiles(cwd, {
      "flow.json": {
        name: "words",
        connectors: { input: { type: "stdio" }, output: { type: "stdio" } },
        links: [{ from: "input", to: "output" }],
      },
      "caisson.grants.json": { grants: 1, plugins: { late: { permissions: {} } } },
    });
    await Deno.mkdir(`${cwd}/watched`);
    const words = ["run", "flow.json", "--watch-plugins", "watched"];
    const refused = await caisson(words, { cwd });
    assertEquals(refused.code, 4, refused.stderr);
    const line = lineFlags(refused.stderr);
    assert(line.flags.length > 0, refused.stderr);
    await using host = new Deno.Command(Deno.execPath(), {
      args: cliArgs(words, line.flags.filter((flag) => flag.startsWith("--allow"))),
      cwd,
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    const listening = (async () => {
      for await (const text of host.stderr.pipeThrough(new TextDecoderStream())) said += text;
    })();
    await writeFiles(cwd, {
      "watched/late/mod.ts": "export default { late: () => ({ read: () => ({ kind: 'finished' }) }) };",
      "watched/late/plugin.json": {
        manifest: 1,
        name: "late",
        version: "1.0.0",
        runtime: "^0.1.0",
        provides: [{ kind: "source", name: "late", interface: "source@1.0" }],
        module: "./mod.ts",
      },
    });
    await eventually(() => Promise.resolve(said.includes("caisson: late 1.0.0 is ")), "the plugin is registered");
    assertStringIncludes(said, "caisson: late 1.0.0 is registered");
    await Deno.remove(`${cwd}/watched/late`, { recursive: true });
    await eventually(() => Promise.resolve(said.includes("late 1.0.0 is removed")), "the plugin is removed");
    await host.stdin.close();
    assertEquals((await host.status).code, 0, said);
    await listening;
  }));
