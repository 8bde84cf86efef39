import { assert, assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import type { FlowDefinition } from "../../mod.ts";
import { SqliteStore } from "../../runtime/pipeline/store/key_value_store.ts";

/** Sends commands through a flow; what came back, and the report. */
async function ask(
  commands: readonly unknown[],
  config: Record<string, unknown> = {},
  inspect?: (path: string) => void,
) {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/table`;
    await Deno.writeTextFile(`${folder}/in`, commands.map((command) => `${JSON.stringify(command)}\n`).join(""));
    await using runtime = new Runtime({ onError() {} });
    const flow = await runtime.deploy({
      name: "table",
      connectors: {
        input: { type: "file", config: { path: `${folder}/in` }, preprocessors: ["separate"], codec: "json" },
        table: { type: "kv", config: { path, ...config } },
        output: { type: "file", config: { path: `${folder}/out` }, postprocessors: ["separate"] },
      },
      links: [{ from: "input", to: "table" }, { from: "table", to: "output" }],
    } as FlowDefinition);
    await flow.done;
    inspect?.(path);
    const out = await Deno.readTextFile(`${folder}/out`);
    const answers = out === "" ? [] : out.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    return { answers, report: flow.report() };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a table answers each command in order, and enrich reads what was put", async () => {
  const { answers, report } = await ask(
    [
      { op: "get", key: "a", tag: 1 },
      { op: "put", key: "a", value: { n: 1 } },
      { op: "get", key: "a", tag: { any: "thing" } },
      { op: "swap", key: "a", value: [2] },
      { op: "cas", key: "a", old: [3], value: 4 },
      { op: "cas", key: "a", old: [2], value: 5 },
      { op: "cas", key: "new", value: null },
      { op: "put", key: "b", value: "x" },
      { op: "scan" },
      { op: "scan", start: "b", end: "c", limit: 10 },
      { op: "delete", key: "b" },
      { op: "get", key: "b" },
    ],
    {},
    (path) => {
      using store = new SqliteStore(path);
      assertEquals([store.get("a"), store.get("b"), store.get("new")], [5, undefined, null]);
    },
  );
  assertEquals(answers, [
    { op: "get", tag: 1, key: "a", ok: true, found: false },
    { op: "put", key: "a", ok: true },
    { op: "get", tag: { any: "thing" }, key: "a", ok: true, found: true, value: { n: 1 } },
    { op: "swap", key: "a", ok: true, found: true, value: { n: 1 } },
    { op: "cas", key: "a", ok: false, found: true, value: [2] },
    { op: "cas", key: "a", ok: true, found: true, value: [2] },
    { op: "cas", key: "new", ok: true, found: false },
    { op: "put", key: "b", ok: true },
    { op: "scan", ok: true, entries: [{ key: "a", value: 5 }, { key: "b", value: "x" }, { key: "new", value: null }] },
    { op: "scan", ok: true, entries: [{ key: "b", value: "x" }, { key: "new", value: null }].slice(0, 1) },
    { op: "delete", key: "b", ok: true, found: true, value: "x" },
    { op: "get", key: "b", ok: true, found: false },
  ]);
  assertEquals([report.state, report.failed], ["stopped", 0]);
});

Deno.test("an event that is no command fails by itself", async () => {
  const bad = [
    ...[1, null, [], {}, { op: "drop" }, { op: "get" }, { op: "get", key: 1 }, { op: "get", key: "" }, {
      op: "put",
      key: "a",
    }],
    ...[{ op: "get", key: "x".repeat(1025) }, { op: "get", key: "a", more: 1 }, { op: "scan", limit: 0 }, {
      op: "constructor",
    }],
  ];
  const { answers, report } = await ask([...bad, { op: "put", key: "a", value: 1 }]);
  assertEquals(answers, [{ op: "put", key: "a", ok: true }]);
  assertEquals(report.nodes.find(({ name, role }) => name === "table" && role === "sink")?.metrics.failed, bad.length);
});

Deno.test("answers nobody takes hold up the sink, and none is lost", async () => {
  const count = 500;
  const commands = Array.from({ length: count }, (_, number) => ({ op: "put", key: `k${number}`, value: number }));
  const { answers } = await ask(commands, { max_answers: 3 });
  assertEquals(answers.map(({ key }) => key), commands.map(({ key }) => key));
});

Deno.test("a table that is full refuses commands, and keeps what it has", async () => {
  const value = "x".repeat(10_000);
  const commands = Array.from({ length: 50 }, (_, number) => ({ op: "put", key: `k${number}`, value }));
  const { report } = await ask([{ op: "put", key: "first", value: 1 }, ...commands], { max_bytes: 65_536 }, (path) => {
    assert(Deno.statSync(path).size <= 65_536, "the file stays within its bound");
  });
  assert(report.failed > 0, "some were refused");
});
