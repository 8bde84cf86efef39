import { assert, assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import type { FlowDefinition } from "../../mod.ts";
import type { CaissonError } from "../../mod.ts";

const root = new URL("../..", import.meta.url);

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Follows a file for ever, and ends when a line says so. */
function following(folder: string, exit: Record<string, unknown> = {}): FlowDefinition {
  return {
    name: "following",
    connectors: {
      input: {
        type: "file",
        config: { path: `${folder}/in`, follow: true },
        preprocessors: ["separate"],
        codec: "json",
      },
      output: { type: "file", config: { path: `${folder}/out` }, postprocessors: ["separate"] },
      over: { type: "exit", config: exit },
    },
    pipelines: {
      route: {
        nodes: {
          ends: [{ filter: ["present", ["field", "exit"]] }],
          rest: [{ filter: ["not", ["present", ["field", "exit"]]] }],
        },
        links: [
          { from: "in", to: ["ends", "rest"] },
          { from: "ends", to: "exit" },
          { from: "rest", to: "out" },
        ],
      },
    },
    links: [
      { from: "input", to: "route" },
      { from: "route", to: "output" },
      { from: "route/exit", to: "over" },
    ],
  } as FlowDefinition;
}

Deno.test("an event ends the flow gracefully: what was read before is delivered", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in`, `{"n":1}\n{"n":2}\n{"exit":7}\n`);
    await using runtime = new Runtime();
    const flow = await runtime.deploy(following(folder));
    await flow.done;
    const report = flow.report();
    assertEquals([report.state, report.exitCode, report.failed], ["stopped", 7, 0]);
    assertEquals(await Deno.readTextFile(`${folder}/out`), `{"n":1}\n{"n":2}\n`);
  }));

Deno.test("an event that does not say how to end fails, and the flow goes on", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/in`,
      `{"exit":"now"}\n{"exit":256}\n{"exit":0,"delay_ms":-1}\n{"n":1}\n{"exit":0}\n`,
    );
    const errors: CaissonError[] = [];
    await using runtime = new Runtime({ onError: (error) => errors.push(error) });
    const flow = await runtime.deploy(following(folder));
    await flow.done;
    const { exitCode, failed, nodes } = flow.report();
    assertEquals([exitCode, await Deno.readTextFile(`${folder}/out`)], [0, `{"n":1}\n`]);
    assert(failed >= 3, `${failed} failed`);
    assert(errors.some(({ code, subject }) => code === "CAISSON_SINK_FAILED" && subject === "following/over"));
    assertEquals(nodes.find(({ name }) => name === "over")?.part, { asked: true });
  }));

Deno.test("caisson run exits with the code an event asked for", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in`, `{"n":1}\n{"exit":42}\n`);
    await Deno.writeTextFile(`${folder}/flow.json`, JSON.stringify(following(folder)));
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-lock", "--no-check", `--allow-read=${folder}`, `--allow-write=${folder}`],
        ...[`${root.pathname}main.ts`, "run", `${folder}/flow.json`],
      ],
      stdout: "null",
      stderr: "null",
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 42);
  }));

Deno.test("the flow's counts are events at an interval, with a last reading when every other source has ended", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in`, `{"n":1}\n{"n":2}\n{"n":3}\n`);
    await using runtime = new Runtime();
    const flow = await runtime.deploy({
      name: "counted",
      connectors: {
        input: { type: "file", config: { path: `${folder}/in` }, preprocessors: ["separate"], codec: "json" },
        output: { type: "null" },
        counts: { type: "metrics", config: { interval_ms: 60_000 } },
        readings: { type: "file", config: { path: `${folder}/readings` }, postprocessors: ["separate"] },
      },
      links: [{ from: "input", to: "output" }, { from: "counts", to: "readings" }],
    } as FlowDefinition);
    await flow.done;
    const events = (await Deno.readTextFile(`${folder}/readings`)).trim().split("\n").map((line) => JSON.parse(line));
    const count = (node: string, port: string) =>
      events.findLast(({ tags }) => tags.node === node && tags.port === port)?.fields.count;
    assertEquals([count("input", "out"), count("output", "in"), count("output", "err")], [3, 3, 0]);
    assertEquals(count("counts", "out"), undefined);
    const { measurement, tags, timestamp } = events[0];
    assertEquals([measurement, tags.flow], ["connector_events", "counted"]);
    assert(Math.abs(timestamp / 1e6 - Date.now()) < 600_000, `${timestamp} is now, in nanoseconds`);
  }));
