/** `enrich` from a table in a file. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  CaissonError,
  field,
  type Flow,
  fromAsyncIterable,
  pipeline,
  type PipelineDefinition,
  Runtime,
  shape,
  type TableFileDefinition,
  toAsyncIterable,
} from "../../mod.ts";
import { checkFiles } from "../../runtime/flow/check_files.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { buildGraph } from "../../runtime/flow/graph.ts";
import { compilePipeline } from "../../runtime/pipeline/pipeline.ts";
import { parseTable, type TableFormat } from "../../runtime/pipeline/step/table_text.ts";
import { runPipeline } from "./run_pipeline.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const lookUp = (file: TableFileDefinition): PipelineDefinition => [{
  enrich: { key: ["field", "host"], file, as: "found" },
}];

/** A flow that looks up the hosts it is fed, one after the other. */
interface Asked {
  readonly flow: Flow;
  ask(host: string): Promise<unknown>;
}

async function asking(
  main: PipelineDefinition,
  test: (asked: Asked) => Promise<void>,
  errors: CaissonError[] = [],
): Promise<void> {
  await using runtime = new Runtime({ onError: (error) => errors.push(error) });
  const results = toAsyncIterable<{ host: string; found?: unknown }>();
  const questions: string[] = [];
  let wake = (): void => {};
  runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
  runtime.provide({
    type: "asked",
    kind: "source",
    create: ({ signal }) =>
      fromAsyncIterable(
        (async function* () {
          signal.addEventListener("abort", () => wake(), { once: true });
          while (!signal.aborted) {
            while (questions.length > 0) yield { host: questions.shift()! };
            if (!signal.aborted) await new Promise<void>((resolve) => wake = resolve);
          }
        })(),
        { signal },
      ),
  });
  const flow = await runtime.deploy({
    name: "hosts",
    connectors: { in: { type: "asked" }, out: { type: "results" } },
    pipelines: { main },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  });
  const answers = results[Symbol.asyncIterator]();
  await test({
    flow,
    ask: async (host) => {
      questions.push(host);
      wake();
      return (await answers.next()).value.found;
    },
  });
  const stopping = flow.stop();
  await answers.return?.();
  await stopping;
}

const table = { a: { host: "a", rack: "1" }, b: { host: "b", rack: "2\n, 3" } };
const files: Readonly<Record<string, string>> = {
  csv: '\ufeffhost,rack\r\na,1\r\n\r\n"b","2\n, 3"\r\n',
  ndjson: '{"host":"a","rack":"1"}\r\n\n \t\r\n{"host":"b","rack":"2\\n, 3"}',
  json: '[{"host":"a","rack":"1"},{"host":"b","rack":"2\\n, 3"}]',
};

for (const [format, text] of Object.entries(files)) {
  Deno.test(`a table in a ${format} file gives what the same table in the flow gives, in both forms`, () =>
    inFolder(async (folder) => {
      const path = join(folder, `hosts.${format}`);
      await Deno.writeTextFile(path, text);
      const values = ["a", "b", "c", "__proto__"].map((host) => ({ host }));
      const inline = await runPipeline([{ enrich: { key: ["field", "host"], table, as: "found" } }], values);
      const builder = pipeline("main", { in: shape<{ host: string }>() })
        .enrich("found", field("host"), { file: { path, key: "host" } }).build();
      for (const main of [lookUp({ path, key: "host" }), builder]) {
        await asking(main, async ({ ask }) => {
          for (const [index, { host }] of values.entries()) {
            assertEquals(await ask(host), (inline.out[index] as { found?: unknown }).found);
          }
        });
      }
    }));
}

Deno.test("a field of the records may be what is found, numbers may be read, and a JSON record is a table itself", () => {
  const parse = (format: TableFormat, text: string, more: Partial<TableFileDefinition>): unknown =>
    Object.fromEntries(parseTable(new TextEncoder().encode(text), format, { path: "t", ...more }, "flow: p"));
  assertEquals(parse("csv", "id,n,x\n1,2.5,a\n2,,b\n1,3,c\n", { key: "id", numbers: ["n"] }), {
    1: { id: "1", n: 3, x: "c" },
    2: { id: "2", x: "b" },
  });
  assertEquals(parse("csv", "id,n\n7,2", { key: "id", value: "n", numbers: ["n"] }), { 7: 2 });
  assertEquals(parse("ndjson", '{"id":true,"n":[1]}\n', { key: "id", value: "n" }), { true: [1] });
  assertEquals(parse("json", '{"a":1,"b":null}', {}), { a: 1, b: null });
});

Deno.test("what is wrong in a table is told with its line", () => {
  const wrong: readonly (readonly [TableFormat, string, string, string, Partial<TableFileDefinition>?])[] = [
    ["csv", "id,n\n1,2\n3\n", "t:3", "1 fields"],
    ["csv", 'id,n\n"1\n\n",2\n"3,4\n', "t:5", "a quoted field without an end"],
    ["csv", "id,id\n", "t:1", "a field named twice"],
    ["csv", "id,n\n1,two\n", "t:2", 'n "two"', { numbers: ["n"] }],
    ["csv", "id,n\n", "t:1", 'no field "m"', { numbers: ["m"] }],
    ["csv", "name\nx\n", "t:2", 'a record without "id"'],
    ["csv", "id\n\xff\n", "t:2", "codec"],
    ["ndjson", '{"id":1}\n{"id":\n', "t:2", "{"],
    ["ndjson", '{"id":1}\n\n[]\n', "t:3", "a list"],
    ["ndjson", '{"id":{}}\n', "t:1", 'a record without "id"'],
    ["json", '[{"id":1},{"id":2,"n":1},{"id":3}]', "t", 'item 1, which is a record without "n"', { value: "n" }],
    ["json", "{}", "t", "no list"],
    ["json", "[1", "t", "[1"],
  ];
  for (const [format, text, place, found, more] of wrong) {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const error = assertThrows(
      () => parseTable(bytes, format, { path: "t", key: "id", ...more }, "flow: p"),
      CaissonError,
    );
    assertEquals([error.code, error.subject], ["CAISSON_TABLE_UNREADABLE", `flow: p: ${place}`]);
    if (found !== "codec") assert(error.found.includes(found), `${error.found} instead of ${found}`);
  }
});

Deno.test("a definition that cannot be is refused before anything starts", () => {
  const refused = (file: TableFileDefinition, subject: string): void => {
    const error = assertThrows(() => compilePipeline(lookUp(file), "flow: main"), CaissonError);
    assertEquals([error.code, error.subject], ["CAISSON_FLOW_INVALID", `flow: main[0].enrich.file${subject}`]);
  };
  refused({ path: "hosts.txt", key: "host" }, ".path");
  refused({ path: "hosts.csv" }, "");
  refused({ path: "hosts.json", key: "host", numbers: ["n"] }, ".numbers");
  const both = [{ enrich: { key: 1, table: {}, file: { path: "a.json" }, as: "x" } }] as const;
  assertThrows(() => compilePipeline(both, "flow: main"), CaissonError, "table and file");
});

Deno.test("a flow whose table is not there, too large, or wrong does not start", () =>
  inFolder(async (folder) => {
    const refused = async (file: TableFileDefinition, found: string): Promise<void> => {
      const error = await assertRejects(() => asking(lookUp(file), () => Promise.resolve()), CaissonError);
      assertEquals(error.code, "CAISSON_TABLE_UNREADABLE");
      assert(error.subject.startsWith(`hosts: pipelines.main[0].enrich.file: ${file.path}`), error.subject);
      assert(error.found.includes(found), error.found);
    };
    const path = join(folder, "hosts.csv");
    await refused({ path, key: "host" }, "os error 2");
    await refused({ path: folder, key: "host", format: "csv" }, "no regular file");
    await Deno.writeTextFile(path, "host,rack\na,1\nb\n");
    await refused({ path, key: "host" }, "1 fields");
    await refused({ path, key: "host", maxBytes: 15 }, "16 bytes");
  }));

Deno.test("a table is read anew when its file changes; one that is wrong is told once, and the old one stays", () =>
  inFolder(async (folder) => {
    const path = join(folder, "hosts.json");
    const put = async (text: string): Promise<void> => {
      await Deno.writeTextFile(`${path}.new`, text);
      await Deno.rename(`${path}.new`, path);
    };
    await put('{"a":1}');
    const errors: CaissonError[] = [];
    await asking(lookUp({ path, everyMs: 2 }), async ({ ask, flow }) => {
      assertEquals(await ask("a"), 1);
      await put('{"a":2}');
      while (await ask("a") !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
      await put('{"a":');
      while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      for (let turn = 0; turn < 10; turn++) {
        assertEquals(await ask("a"), 2);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await put('{"a":3}');
      while (await ask("a") !== 3) await new Promise((resolve) => setTimeout(resolve, 1));
      await assertRejects(
        () => flow.replacePipeline("main", lookUp({ path: `${path}.gone`, format: "json" })),
        CaissonError,
        "os error 2",
      );
      assertEquals(await ask("a"), 3);
    }, errors);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_TABLE_UNREADABLE"]);
  }));

Deno.test("a flow that would write over its table is refused", () =>
  inFolder(async (folder) => {
    const path = join(folder, "hosts.csv");
    await Deno.writeTextFile(path, "host\n");
    const flow = parseFlow({
      name: "f",
      connectors: { in: { type: "stdio" }, out: { type: "file", config: { path: `${folder}/./hosts.csv` } } },
      pipelines: { main: lookUp({ path, key: "host" }) },
      links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
    }, "flow.json");
    const error = assertThrows(() => checkFiles(flow, buildGraph(flow)), CaissonError);
    assert(error.found.endsWith("which main reads"), error.found);
  }));
