import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { CaissonError, type FlowDefinition, Runtime } from "../../../mod.ts";
import type { PollResult, SinkPart, SourcePart, WriteResult } from "../../../runtime/connector/contract.ts";
import type { Batch } from "../../../runtime/data/batch.ts";

const encoder = new TextEncoder();
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

class Numbers implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  acked = 0;
  #next = 0;
  readonly #count: number;
  readonly #filler: string;
  constructor(count: number, filler = "") {
    this.#count = count;
    this.#filler = filler;
  }
  poll(batch: Batch): PollResult {
    for (let index = 0; index < 10 && this.#next < this.#count; index++) {
      batch.appendBytes(encoder.encode(`{"n":${this.#next++},"f":"${this.#filler}"}`), 1);
    }
    return { state: this.#next === this.#count ? "ended" : "filled" };
  }
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    this.acked += batch.count - failures.size;
  }
  close(): void {}
}

function sink(write: (values: number[]) => void | WriteResult | Promise<void>): SinkPart {
  return {
    accepts: "values",
    write: (events) => write(events.map(({ value }) => (value as { n: number }).n)),
    close() {},
  };
}

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/queue.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function runtimeWith(source: SourcePart, out: SinkPart): Runtime {
  const runtime = new Runtime({ onError: () => {} });
  runtime.provide({ type: "in", kind: "source", create: () => source });
  runtime.provide({ type: "out", kind: "sink", create: () => out });
  return runtime;
}

function flowOf(parts: "fill" | "empty" | "both", config: Record<string, unknown>, batchEvents = 1024): FlowDefinition {
  const fill = parts !== "empty" ? [{ from: "in", to: "queue" }] : [];
  const empty = parts !== "fill" ? [{ from: "queue", to: "out" }] : [];
  return {
    name: "durable",
    connectors: {
      ...parts !== "empty" ? { in: { type: "in" } } : {},
      ...parts !== "fill" ? { out: { type: "out" } } : {},
      queue: { type: "wal", config: { sync: "normal", ...config }, batchEvents },
    },
    links: [...fill, ...empty],
  };
}

function rows(path: string, table: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  try {
    return database.prepare(`SELECT * FROM ${table} ORDER BY id`).all();
  } finally {
    database.close();
  }
}

Deno.test("what one flow puts into a queue another one takes out, in order, in batches of any size", () =>
  inFolder(async (path) => {
    const source = new Numbers(500);
    {
      await using runtime = runtimeWith(source, sink(() => {}));
      await (await runtime.deploy(flowOf("fill", { path }))).done;
    }
    assertEquals(source.acked, 500);
    assert(rows(path, "entries").length > 0);
    const seen: number[] = [];
    await using runtime = runtimeWith(new Numbers(0), sink((values) => void seen.push(...values)));
    const flow = await runtime.deploy(flowOf("empty", { path, when_empty: "end" }, 7));
    await flow.done;
    assertEquals(seen, numbers(0, 500));
    const { part } = flow.report().nodes.find(({ name }) => name === "queue")!;
    assertEquals((part["recovered"] as { events: number }).events, 500);
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("both ends of one connector share the queue: what is put in comes out while the flow runs", () =>
  inFolder(async (path) => {
    const source = new Numbers(3000, "x".repeat(100));
    const seen: number[] = [];
    const all = Promise.withResolvers<void>();
    const out = sink((values) => {
      seen.push(...values);
      if (seen.length === 3000) all.resolve();
    });
    await using runtime = runtimeWith(source, out);
    // Less than all of it has room: the sink waits until the source has taken some out.
    const flow = await runtime.deploy(flowOf("both", { path, max_bytes: 65_536 }));
    await all.promise;
    await flow.stop();
    assertEquals(flow.state, "stopped");
    assertEquals(seen, numbers(0, 3000));
    assertEquals(source.acked, 3000);
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("an event that fails is given again, alone; when it fails too often it is set aside", () =>
  inFolder(async (path) => {
    const tries = new Map<number, number>();
    const out = sink((values) => {
      const verdicts = [];
      for (const [index, n] of values.entries()) {
        tries.set(n, (tries.get(n) ?? 0) + 1);
        if (n === 13 || (n === 27 && tries.get(n)! < 3)) {
          verdicts.push({ index, action: 1, failureClass: 1, code: 0, retryAfterMs: 0 });
        }
      }
      return { verdicts, reason: new Error("not this one") };
    });
    {
      await using runtime = runtimeWith(new Numbers(50), out);
      await (await runtime.deploy(flowOf("fill", { path }))).done;
    }
    await using runtime = runtimeWith(new Numbers(0), out);
    await (await runtime.deploy(flowOf("empty", { path, when_empty: "end", attempts: 4, interval_ms: 1 }))).done;
    assertEquals([tries.get(13), tries.get(27), tries.get(12)], [4, 3, 1]);
    const [aside, ...others] = rows(path, "set_aside");
    assertEquals(others, []);
    assertEquals(aside!["attempts"], 4);
    assert(String(aside!["reason"]).includes("not this one"), String(aside!["reason"]));
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("what was not delivered when the flow stopped stays in the queue", () =>
  inFolder(async (path) => {
    const refused = Promise.withResolvers<void>();
    const down = sink(() => {
      refused.resolve();
      return Promise.reject(new Error("down"));
    });
    {
      const source = new Numbers(30);
      await using runtime = runtimeWith(source, down);
      const flow = await runtime.deploy(flowOf("both", { path, interval_ms: 60_000, max_interval_ms: 60_000 }));
      await refused.promise;
      // The first entry may be refused before the last one is read.
      while (source.acked < 30) await new Promise((resolve) => setTimeout(resolve, 1));
      await flow.stop();
    }
    const seen: number[] = [];
    await using runtime = runtimeWith(new Numbers(0), sink((values) => void seen.push(...values)));
    await (await runtime.deploy(flowOf("empty", { path, when_empty: "end" }))).done;
    assertEquals(seen, numbers(0, 30));
  }));

Deno.test("an event larger than a whole batch is set aside, and the others pass", () =>
  inFolder(async (path) => {
    {
      await using runtime = runtimeWith(new Numbers(1, "x".repeat(5000)), sink(() => {}));
      await (await runtime.deploy(flowOf("fill", { path }))).done;
    }
    {
      await using runtime = runtimeWith(new Numbers(3), sink(() => {}));
      await (await runtime.deploy(flowOf("fill", { path }))).done;
    }
    const seen: number[] = [];
    await using runtime = runtimeWith(new Numbers(0), sink((values) => void seen.push(...values)));
    const { connectors, ...flow } = flowOf("empty", { path, when_empty: "end", attempts: 1 });
    const queue = { ...connectors["queue"]!, batchBytes: 1024 };
    await (await runtime.deploy({ ...flow, connectors: { ...connectors, queue } })).done;
    assertEquals(seen, [0, 1, 2]);
    const [aside] = rows(path, "set_aside");
    assert(String(aside!["reason"]).includes("raise batchBytes"), String(aside!["reason"]));
  }));

Deno.test("two flows cannot hold one queue at once", () =>
  inFolder(async (path) => {
    await using runtime = runtimeWith(new Numbers(0), sink(() => {}));
    await runtime.deploy(flowOf("empty", { path }));
    await using second = runtimeWith(new Numbers(0), sink(() => {}));
    const error = await assertRejects(() => second.deploy(flowOf("empty", { path })), CaissonError);
    assertEquals(error.code, "CAISSON_BUFFER_IN_USE");
  }));
