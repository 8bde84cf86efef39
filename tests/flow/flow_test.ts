import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import type { ComponentInstance } from "../../runtime/connector/contract.ts";
import { builtins } from "../../runtime/connector/builtin/builtins.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import type { ConnectorDefinition, FlowDefinition } from "../../runtime/flow/flow_definition.ts";
import type { Launch } from "../../runtime/flow/node_builder.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { checkConfig } from "../../runtime/manifest/check_config.ts";

/** Launches builtins, and parts a test brings. */
function launcher(own: Readonly<Record<string, ComponentInstance["part"]>> = {}): Launch {
  return (request) => {
    const builtin = builtins.find(({ type, kind }) => type === request.type && kind === request.kind);
    const part = own[request.type] ?? builtin!.create({
      alias: request.alias,
      instance: 1,
      config: checkConfig(builtin!.configSchema, request.config, request.alias),
      signal: request.signal,
      log() {},
    });
    return Promise.resolve({ instance: { isolation: "builtin", level: "none", part }, plugin: "builtin" });
  };
}

function start(definition: FlowDefinition, own: Readonly<Record<string, ComponentInstance["part"]>> = {}) {
  const errors: CaissonError[] = [];
  const flow = new Flow({
    definition: parseFlow(definition, "test"),
    launch: launcher(own),
    onError: (error) => errors.push(error),
  });
  return { flow, errors };
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("moves events from a file through a pipeline into files and a database", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 5000 }, (_, n) => JSON.stringify({ n, level: n % 5 === 0 ? "error" : "info" }));
    await Deno.writeTextFile(join(folder, "in.ndjson"), `${lines.join("\n")}\nnot json\n`);
    const { flow, errors } = start({
      name: "main",
      connectors: {
        log: {
          type: "file",
          config: { path: join(folder, "in.ndjson"), chunk_bytes: 4096 },
          preprocessors: ["separate"],
        },
        errors: { type: "file", config: { path: join(folder, "errors.ndjson") }, postprocessors: ["separate"] },
        packed: { type: "file", config: { path: join(folder, "errors.gz") }, postprocessors: ["separate", "gzip"] },
        rejected: { type: "file", config: { path: join(folder, "rejected.ndjson") }, postprocessors: ["separate"] },
        counts: {
          type: "sqlite",
          config: { path: join(folder, "db.sqlite"), table: "counts", columns: ["level", "count"] },
        },
      },
      pipelines: {
        main: [{ filter: ["==", ["field", "level"], "error"] }],
        tally: [{ count: { by: { level: ["field", "level"] } } }],
      },
      links: [
        { from: "log", to: ["main", "tally"] },
        { from: "main", to: ["errors", "packed"] },
        { from: "main/err", to: "rejected" },
        { from: "tally", to: "counts" },
      ],
    });
    await flow.start();
    await flow.done;

    const expected = lines.filter((_, n) => n % 5 === 0);
    assertEquals((await Deno.readTextFile(join(folder, "errors.ndjson"))).split("\n"), [...expected, ""]);
    const packed = (await Deno.open(join(folder, "errors.gz"))).readable.pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(packed).text(), `${expected.join("\n")}\n`);
    assertStringIncludes(await Deno.readTextFile(join(folder, "rejected.ndjson")), "not json");
    using database = new DatabaseSync(join(folder, "db.sqlite"), { readOnly: true });
    assertEquals(
      database.prepare("select level, count from counts order by level").all().map((row) => ({ ...row })),
      [{ level: "error", count: 1000 }, { level: "info", count: 4000 }],
    );
    const report = flow.report();
    assertEquals(flow.state, "stopped");
    assertEquals([report.in, report.dropped, report.failed], [5001, 4000, 1]);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_CODEC_DECODE", "CAISSON_CODEC_DECODE"]);
  }));

Deno.test("stops reading, drains what was read and closes every part", async () => {
  const written: string[] = [];
  const closed: string[] = [];
  let polls = 0;
  const { flow } = start({
    name: "endless",
    connectors: { ticks: { type: "ticks", codec: "string" }, texts: { type: "texts", codec: "string" } },
    links: [{ from: "ticks", to: "texts" }],
  }, {
    ticks: {
      kind: "source",
      source: {
        produces: "events",
        poll(batch) {
          batch.appendBytes(new TextEncoder().encode(String(polls++)), 0);
          return { state: "filled" };
        },
        close: () => void closed.push("ticks"),
      },
    },
    texts: {
      kind: "sink",
      sink: {
        accepts: "bytes",
        async write(chunks) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          for (const chunk of chunks) written.push(new TextDecoder().decode(chunk));
        },
        close: () => void closed.push("texts"),
      },
    },
  });
  await flow.start();
  while (written.length < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  await flow.stop();
  assertEquals(flow.state, "stopped");
  assertEquals(written.length, polls);
  assertEquals(written, written.map((_, index) => String(index)));
  assertEquals(closed, ["ticks", "texts"]);
});

Deno.test("a stop that takes too long closes without waiting and says so", async () => {
  const stuck = Promise.withResolvers<void>();
  const { flow, errors } = start({
    name: "stuck",
    connectors: { once: { type: "once", codec: "string" }, never: { type: "never", codec: "string" } },
    links: [{ from: "once", to: "never" }],
  }, {
    once: {
      kind: "source",
      source: {
        produces: "events",
        poll(batch) {
          batch.appendBytes(new Uint8Array(1), 0);
          return { state: "ended" };
        },
        close() {},
      },
    },
    never: { kind: "sink", sink: { accepts: "bytes", write: () => stuck.promise, close: () => stuck.resolve() } },
  });
  await flow.start();
  await flow.stop({ deadlineMs: 20 });
  assertEquals(errors.map(({ code }) => code), ["CAISSON_FLOW_STATE"]);
  assertEquals(flow.state, "failed");
  await flow.done;
});

Deno.test("a sink that cannot connect ends the start, and what was started is closed", async () => {
  const closed: string[] = [];
  let attempts = 0;
  const { flow } = start({
    name: "refused",
    connectors: {
      lines: { type: "lines" },
      down: { type: "down", reconnect: { intervalMs: 1, growth: 1, maxRetries: 2 } },
    },
    links: [{ from: "lines", to: "down" }],
  }, {
    lines: { kind: "source", source: { produces: "events", poll: () => ({ state: "ended" }), close() {} } },
    down: {
      kind: "sink",
      sink: {
        accepts: "bytes",
        connect() {
          attempts++;
          throw new TypeError("connection refused");
        },
        write() {},
        close: () => void closed.push("down"),
      },
    },
  });
  const error = await assertRejects(() => flow.start(), CaissonError);
  assertEquals(error.code, "CAISSON_CONNECT_FAILED");
  assertStringIncludes(error.found, "attempt 3");
  assertEquals(attempts, 3);
  assertEquals(closed, ["down"]);
  assertEquals(flow.state, "failed");
});

Deno.test("an event every sink got is acked, an event one sink failed is failed", async () => {
  const settled: number[][] = [];
  const sink = (refuse: number): ComponentInstance["part"] => ({
    kind: "sink",
    sink: {
      accepts: "values",
      write: () => ({ verdicts: [{ index: refuse, action: 1, failureClass: 1, code: 0, retryAfterMs: 0 }] }),
      close() {},
    },
  });
  const { flow } = start({
    name: "fan",
    connectors: { five: { type: "five" }, a: { type: "a" }, b: { type: "b" } },
    links: [{ from: "five", to: ["a", "b"] }],
  }, {
    five: {
      kind: "source",
      source: {
        produces: "events",
        poll(batch) {
          for (let n = 0; n < 5; n++) batch.appendBytes(new TextEncoder().encode(String(n)), 0);
          return { state: "ended" };
        },
        settle: (_, failures) => settled.push([...failures.keys()].sort()),
        close() {},
      },
    },
    a: sink(1),
    b: sink(3),
  });
  await flow.start();
  await flow.done;
  assertEquals(settled, [[1, 3]]);
});

Deno.test("a source that fails ends its node with the error, and what it read is still delivered", async () => {
  const written: string[] = [];
  const { flow } = start({
    name: "broken",
    connectors: { half: { type: "half", codec: "string" }, texts: { type: "texts", codec: "string" } },
    links: [{ from: "half", to: "texts" }],
  }, {
    half: {
      kind: "source",
      source: {
        produces: "events",
        poll(batch) {
          if (batch.id > 1) throw new RangeError("no more");
          batch.appendBytes(new TextEncoder().encode("first"), 0);
          return { state: "filled" };
        },
        close() {},
      },
    },
    texts: {
      kind: "sink",
      sink: {
        accepts: "bytes",
        write: (chunks) => void written.push(...chunks.map((chunk) => new TextDecoder().decode(chunk))),
        close() {},
      },
    },
  });
  await flow.start();
  await flow.done;
  const { nodes, out } = flow.report();
  assertEquals([written, out], [["first"], 1]);
  assertEquals(nodes.find(({ name }) => name === "half")!.error?.code, "CAISSON_SOURCE_FAILED");
  assertEquals(nodes.find(({ name }) => name === "texts")!.error, undefined);
});

Deno.test("a wrong configuration of an interceptor is refused before anything is launched", () => {
  const error = assertThrows(
    () =>
      start({
        name: "wrong",
        connectors: {
          a: {
            type: "file",
            config: { path: "a" },
            preprocessors: [{ name: "separate", config: { separator: "ab" } }],
          },
          b: { type: "file", config: { path: "b" } },
        },
        links: [{ from: "a", to: "b" }],
      }),
    CaissonError,
  );
  assertEquals(error.code, "CAISSON_CONFIG_INVALID");
  assertStringIncludes(error.subject, "wrong: connectors.a: preprocessors[0]");
});

Deno.test("a flow that would write over what it reads, or write one file twice, is refused", () =>
  inFolder(async (folder) => {
    const path = join(folder, "events.ndjson");
    await Deno.writeTextFile(path, "{}\n");
    await Deno.symlink(path, join(folder, "link.ndjson"));
    const file = (mode: string, name = "events.ndjson") => ({
      type: "file",
      config: { path: join(folder, name), mode },
    });
    const flow = (a: ConnectorDefinition, b: ConnectorDefinition, to: string[]): FlowDefinition => ({
      name: "same",
      connectors: { in: { type: "file", config: { path } }, a, b },
      links: [{ from: "in", to }],
    });
    const refused = (definition: FlowDefinition): CaissonError => assertThrows(() => start(definition), CaissonError);
    assertStringIncludes(refused(flow(file("write"), file("write", "b"), ["a", "b"])).found, "in reads");
    assertStringIncludes(refused(flow(file("write", "link.ndjson"), file("write", "b"), ["a", "b"])).found, "in reads");
    assertStringIncludes(refused(flow(file("write", "b"), file("write", "b"), ["a", "b"])).found, "a writes");
    start(flow(file("append"), file("write", "b"), ["a", "b"]));
    assertEquals(await Deno.readTextFile(path), "{}\n");
  }));
