import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type BufferDefinition, CaissonError, type FlowDefinition, Runtime } from "../../mod.ts";
import type { SinkPart, SourcePart, ValueSinkPart, WriteResult } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import type { Event } from "../../runtime/flow/delivery.ts";
import { buildGraph } from "../../runtime/flow/graph.ts";

const encoder = new TextEncoder();

/** Numbers from 0 on, in batches of 10; counts what was settled. */
class Numbers implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  read = 0;
  acked = 0;
  failed = 0;
  readonly #count: number;
  constructor(count: number) {
    this.#count = count;
  }
  poll(batch: Batch): { state: "filled" | "ended" } {
    for (let index = 0; index < 10 && this.read < this.#count; index++) {
      batch.appendBytes(encoder.encode(`{"n":${this.read++}}`), 1);
    }
    return { state: this.read === this.#count ? "ended" : "filled" };
  }
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    this.failed += failures.size;
    this.acked += batch.count - failures.size;
  }
  close(): void {}
}

function sink(
  write: (values: number[], events: readonly Event[]) => void | Promise<void> | WriteResult,
): ValueSinkPart {
  return {
    accepts: "values",
    write: (events) => write(events.map(({ value }) => (value as { n: number }).n), events),
    close() {},
  };
}

function flowOf(buffer: BufferDefinition): FlowDefinition {
  return {
    name: "buffered",
    connectors: { in: { type: "in" }, out: { type: "out" } },
    links: [{ from: "in", to: "out", buffer }],
  };
}

function runtimeOf(source: SourcePart, out: SinkPart, errors: CaissonError[] = []): Runtime {
  const runtime = new Runtime({ onError: (error) => errors.push(error) });
  runtime.provide({ type: "in", kind: "source", create: () => source });
  runtime.provide({ type: "out", kind: "sink", create: () => out });
  return runtime;
}

function rows(path: string, table: "entries" | "set_aside" | "damaged"): Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  try {
    return database.prepare(`SELECT * FROM ${table} ORDER BY id`).all();
  } finally {
    database.close();
  }
}

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/link.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

Deno.test("hands on everything in order and ends empty", () =>
  inFolder(async (path) => {
    const source = new Numbers(500);
    const seen: number[] = [];
    await using runtime = runtimeOf(source, sink((values) => void seen.push(...values)));
    const flow = await runtime.deploy(flowOf({ path }));
    await flow.done;
    assertEquals(seen, numbers(0, 500));
    assertEquals([source.acked, source.failed], [500, 0]);
    assertEquals(rows(path, "entries"), []);
    const node = flow.report().nodes.find(({ role }) => role === "buffer")!;
    assertEquals([node.metrics.in, node.metrics.out, node.metrics.failed], [500, 500, 0]);
  }));

Deno.test("an event is on disk before its source is told that it arrived", () =>
  inFolder(async (path) => {
    const source = new Numbers(10);
    const open = Promise.withResolvers<void>();
    const acked = Promise.withResolvers<void>();
    const settle = source.settle.bind(source);
    source.settle = (batch, failures) => {
      settle(batch, failures);
      acked.resolve();
    };
    await using runtime = runtimeOf(source, sink(() => open.promise));
    const flow = await runtime.deploy(flowOf({ path }));
    await acked.promise;
    assertEquals(source.acked, 10);
    await Deno.copyFile(path, `${path}.copy`);
    await Deno.copyFile(`${path}-wal`, `${path}.copy-wal`);
    assertEquals(rows(`${path}.copy`, "entries").map(({ events }) => events), [10]);
    open.resolve();
    await flow.done;
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("what was not delivered when the flow stopped is delivered by the next start, and nothing else", () =>
  inFolder(async (path) => {
    const seen: number[] = [];
    {
      const source = new Numbers(100);
      const refused = Promise.withResolvers<void>();
      const out = sink((values) => {
        if (values[0]! < 30) return void seen.push(...values);
        refused.resolve();
        throw new Error("down");
      });
      await using runtime = runtimeOf(source, out);
      const flow = await runtime.deploy(flowOf({ path, retry: { intervalMs: 60_000, maxIntervalMs: 60_000 } }));
      await refused.promise;
      await flow.stop();
      assertEquals(flow.state, "stopped");
      assertEquals(source.acked, source.read);
      assertEquals(seen, numbers(0, 30));
    }
    await using runtime = runtimeOf(new Numbers(0), sink((values) => void seen.push(...values)));
    const flow = await runtime.deploy(flowOf({ path }));
    await flow.done;
    assertEquals(new Set(seen).size, seen.length);
    assertEquals(seen, numbers(0, seen.length));
    assert(seen.length > 30);
    const { recovered } = flow.report().nodes.find(({ role }) => role === "buffer")!.part as {
      recovered: { events: number };
    };
    assertEquals(recovered.events, seen.length - 30);
  }));

Deno.test("an event that fails is tried again; only when it fails too often is it set aside, with the reason", () =>
  inFolder(async (path) => {
    const tries = new Map<number, number>();
    const delivered: number[] = [];
    const out = sink((values) => {
      const verdicts = [];
      for (const [index, n] of values.entries()) {
        tries.set(n, (tries.get(n) ?? 0) + 1);
        if (n === 13 || (n === 27 && tries.get(n)! < 3)) {
          verdicts.push({ index, action: 1, failureClass: 1, code: 0, retryAfterMs: 0 });
        } else delivered.push(n);
      }
      return { verdicts, reason: new Error("not this one") };
    });
    const source = new Numbers(50);
    await using runtime = runtimeOf(source, out);
    const flow = await runtime.deploy(flowOf({ path, retry: { attempts: 4, intervalMs: 1 } }));
    await flow.done;
    assertEquals(delivered.toSorted((a, b) => a - b), numbers(0, 50).filter((n) => n !== 13));
    assertEquals([tries.get(13), tries.get(27), tries.get(12)], [4, 3, 1]);
    assertEquals([source.acked, source.failed], [50, 0]);
    const [aside, ...others] = rows(path, "set_aside");
    assertEquals(others, []);
    assertEquals(aside!["attempts"], 4);
    assertEquals(new TextDecoder().decode(aside!["data"] as Uint8Array), '{"n":13}');
    assert(String(aside!["reason"]).includes("not this one"), String(aside!["reason"]));
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("a full buffer makes its source wait, and nothing is lost", () =>
  inFolder(async (path) => {
    const source = new Numbers(20_000);
    const open = Promise.withResolvers<void>();
    const seen: number[] = [];
    const out = sink(async (values) => {
      await open.promise;
      seen.push(...values);
    });
    await using runtime = runtimeOf(source, out);
    const flow = await runtime.deploy(flowOf({ path, maxBytes: 65_536 }));
    let before = -1;
    while (source.read !== before || before === 0) {
      before = source.read;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // An event takes at least 19 bytes: 7 to 11 of its own and 12 for its place.
    assert(source.read < 65_536 / 19 + 100, `${source.read} events read`);
    open.resolve();
    await flow.done;
    assertEquals(seen, numbers(0, 20_000));
  }));

Deno.test("a damaged entry is reported and kept, and all others are delivered", () =>
  inFolder(async (path) => {
    {
      const down = sink(() => Promise.reject(new Error("down")));
      const source = new Numbers(100);
      await using runtime = runtimeOf(source, down);
      const flow = await runtime.deploy(flowOf({ path, retry: { intervalMs: 60_000, maxIntervalMs: 60_000 } }));
      while (source.acked < 100) await new Promise((resolve) => setTimeout(resolve, 5));
      await flow.stop();
    }
    const database = new DatabaseSync(path);
    const { id, data } = database.prepare("SELECT id, data FROM entries ORDER BY id LIMIT 1 OFFSET 1").get()!;
    const bytes = data as Uint8Array;
    bytes[bytes.length - 3]! ^= 1;
    database.prepare("UPDATE entries SET data = ? WHERE id = ?").run(bytes, id as number);
    database.close();
    const seen: number[] = [];
    const errors: CaissonError[] = [];
    await using runtime = runtimeOf(new Numbers(0), sink((values) => void seen.push(...values)), errors);
    const flow = await runtime.deploy(flowOf({ path }));
    await flow.done;
    assertEquals(seen.toSorted((a, b) => a - b), [...numbers(0, 10), ...numbers(20, 100)]);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_BUFFER_DAMAGED"]);
    assertEquals(rows(path, "damaged").length, 1);
  }));

Deno.test("refuses a file that another flow holds, and one that is no buffer", () =>
  inFolder(async (path) => {
    const open = Promise.withResolvers<void>();
    await using runtime = runtimeOf(new Numbers(10), sink(() => open.promise));
    const flow = await runtime.deploy(flowOf({ path }));
    const again = await assertRejects(() => runtime.deploy({ ...flowOf({ path }), name: "second" }), CaissonError);
    assertEquals(again.code, "CAISSON_BUFFER_IN_USE");
    open.resolve();
    await flow.done;
    await Deno.writeTextFile(`${path}.txt`, "no database at all, but long enough to look like one".repeat(40));
    const text = await assertRejects(
      () => runtime.deploy({ ...flowOf({ path: `${path}.txt` }), name: "third" }),
      CaissonError,
    );
    assertEquals(text.code, "CAISSON_BUFFER_BROKEN");
    const other = new DatabaseSync(`${path}.other`);
    other.exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
    other.close();
    const foreign = await assertRejects(
      () => runtime.deploy({ ...flowOf({ path: `${path}.other` }), name: "fourth" }),
      CaissonError,
    );
    assertEquals(foreign.code, "CAISSON_BUFFER_BROKEN");
  }));

Deno.test("refuses a buffer with two targets, and two buffers in one file", () => {
  const connectors = { in: { type: "in" }, a: { type: "out" }, b: { type: "out" } };
  const two = assertThrows(
    () => buildGraph({ name: "f", connectors, links: [{ from: "in", to: ["a", "b"], buffer: { path: "x.db" } }] }),
    CaissonError,
  );
  assertEquals(two.code, "CAISSON_FLOW_LINK");
  const links = [{ from: "in", to: "a", buffer: { path: "x.db" } }, {
    from: "in",
    to: "b",
    buffer: { path: "./x.db" },
  }];
  assertEquals(
    assertThrows(() => buildGraph({ name: "f", connectors, links }), CaissonError).code,
    "CAISSON_FLOW_LINK",
  );
});
