import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type BufferDefinition, CaissonError, type FlowDefinition, Runtime } from "../../mod.ts";
import type { PollResult, SinkPart, SourcePart, ValueSinkPart, WriteResult } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { BufferStore } from "../../runtime/flow/buffer_store.ts";
import { Event, eventsOf } from "../../runtime/flow/delivery.ts";
import { buildGraph } from "../../runtime/flow/graph.ts";
import { LinkBuffer } from "../../runtime/flow/link_buffer.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

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
  poll(batch: Batch): PollResult {
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

/** The same, and then waits for more. */
class EndlessNumbers extends Numbers {
  override poll(batch: Batch): PollResult {
    super.poll(batch);
    return batch.count === 0 ? { state: "idle" } : { state: "filled" };
  }
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

Deno.test("events that a file cannot take are failed, not lost, and later ones are stored again", () =>
  inFolder(async (path) => {
    const errors: CaissonError[] = [];
    const seen: number[] = [];
    const acked: number[] = [];
    const failed: number[] = [];
    const store = new BufferStore("f/in->out", path, "normal");
    const commit = store.commit.bind(store);
    let full = true;
    store.commit = (changes) => {
      // As SQLite does on a full disk: the transaction ends with nothing written.
      if (full) throw new CaissonError("CAISSON_BUFFER_FAILED", { subject: "f/in->out", found: "disk is full" });
      return commit(changes);
    };
    const codec = createCodec("json");
    const buffer = new LinkBuffer({
      alias: "f/in->out",
      store,
      codec,
      to: {
        push(delivery) {
          seen.push(...eventsOf(delivery).map(({ value }) => value as number));
          delivery.settlement.release();
        },
        drain: () => Promise.resolve(),
      },
      maxBytes: 1 << 20,
      inFlight: 4,
      retry: { attempts: 3, intervalMs: 1, maxIntervalMs: 1 },
      reading: new AbortController().signal,
      onError: (error) => errors.push(error),
    });
    const send = (n: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const settlement = new Settlement((failures) => {
        (failures.size === 0 ? acked : failed).push(n);
        resolve();
      });
      void buffer.push({
        batch: undefined,
        events: [Event.made(n, codec, 1).settledBy(settlement)],
        codec,
        settlement,
      });
      return promise;
    };
    await send(1);
    assertEquals([acked, failed], [[], [1]]);
    full = false;
    await send(2);
    await buffer.drain();
    await buffer.close();
    assertEquals([acked, failed, seen], [[2], [1], [2]]);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_BUFFER_FAILED"]);
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("a flow whose sink never answers ends at its deadline, and the next start delivers everything", () =>
  inFolder(async (path) => {
    {
      const source = new Numbers(100);
      const stuck = Promise.withResolvers<void>();
      await using runtime = runtimeOf(source, sink(() => stuck.promise));
      const flow = await runtime.deploy(flowOf({ path }));
      while (source.acked < 100) await new Promise((resolve) => setTimeout(resolve, 5));
      await flow.stop({ deadlineMs: 50 });
      assertEquals(flow.state, "failed");
      // A verdict that comes after the end must not touch the closed file.
      stuck.resolve();
    }
    const seen: number[] = [];
    await using runtime = runtimeOf(new Numbers(0), sink((values) => void seen.push(...values)));
    await (await runtime.deploy(flowOf({ path }))).done;
    assertEquals(seen, numbers(0, 100));
  }));

const perFour = [{ select: { window: { tumbling: { size: 4 } }, target: { n: ["count"] } } }];

Deno.test("entries whose events wait in a window leave the file when the window was delivered", () =>
  inFolder(async (path) => {
    // It never ends by itself, so that two events stay in an open window.
    const source = new EndlessNumbers(10);
    const seen: unknown[] = [];
    const both = Promise.withResolvers<void>();
    await using runtime = runtimeOf(source, {
      accepts: "values",
      write(events) {
        seen.push(...events.map(({ value }) => value));
        if (seen.length === 2) both.resolve();
      },
      close() {},
    });
    const flow = await runtime.deploy({
      name: "counted",
      connectors: { in: { type: "in" }, out: { type: "out" } },
      pipelines: { four: perFour },
      links: [{ from: "in", to: "four", buffer: { path, inFlight: 1 } }, { from: "four", to: "out" }],
    });
    await both.promise;
    await Deno.copyFile(path, `${path}.copy`);
    await Deno.copyFile(`${path}-wal`, `${path}.copy-wal`);
    assertEquals(
      rows(`${path}.copy`, "entries").map(({ events }) => events),
      [10],
    );
    await flow.stop();
    assertEquals(flow.report().errors, {});
    assertEquals(rows(path, "entries"), []);
  }));

Deno.test("refuses a buffer in front of a pipeline with a stored state, which would skip what the buffer still has", () =>
  inFolder(async (path) => {
    await using runtime = runtimeOf(new Numbers(10), sink(() => {}));
    const refused = await assertRejects(() =>
      runtime.deploy({
        name: "stateful",
        connectors: { in: { type: "in" }, out: { type: "out" } },
        pipelines: { four: perFour },
        links: [{ from: "in", to: "four", buffer: { path } }, { from: "four", to: "out" }],
        state: { path: `${path}.state` },
      }), CaissonError);
    assertEquals(refused.code, "CAISSON_FLOW_INVALID");
    assert(refused.message.includes("buffer"), refused.message);
  }));

Deno.test("what memory does not hold is read back from the file, in order", () =>
  inFolder(async (path) => {
    // 30 MB at once, of which 8 MiB stay in memory.
    const count = 300;
    const filler = "x".repeat(100_000);
    let read = 0;
    const source: SourcePart = {
      produces: "events",
      codec: "json",
      poll(batch) {
        for (let index = 0; index < 10 && read < count; index++) {
          batch.appendBytes(encoder.encode(`{"n":${read++},"f":"${filler}"}`), 1);
        }
        return { state: read === count ? "ended" : "filled" };
      },
      close() {},
    };
    const seen: number[] = [];
    const open = Promise.withResolvers<void>();
    const out = sink(async (values) => {
      await open.promise;
      seen.push(...values);
    });
    await using runtime = runtimeOf(source, out);
    const flow = await runtime.deploy(flowOf({ path, sync: "normal" }));
    while (read < count) await new Promise((resolve) => setTimeout(resolve, 5));
    open.resolve();
    await flow.done;
    assertEquals(seen, numbers(0, count));
  }));

Deno.test("a file that cannot be read is tried again; then the buffer has failed, and its senders hear of it", () =>
  inFolder(async (path) => {
    {
      await using runtime = runtimeOf(new EndlessNumbers(30), sink(() => Promise.reject(new Error("down"))));
      const flow = await runtime.deploy(flowOf({ path, retry: { intervalMs: 60_000, maxIntervalMs: 60_000 } }));
      while (flow.report().nodes.find(({ role }) => role === "buffer")!.metrics.in < 30) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await flow.stop();
    }
    const store = new BufferStore("f/in->out", path, "normal");
    let reads = 0;
    store.next = () => {
      reads++;
      throw new CaissonError("CAISSON_BUFFER_FAILED", { subject: "f/in->out", found: "disk gone" });
    };
    const gaveUp = Promise.withResolvers<CaissonError>();
    const buffer = new LinkBuffer({
      alias: "f/in->out",
      store,
      codec: createCodec("json"),
      to: { push() {}, drain: () => Promise.resolve() },
      maxBytes: 1 << 20,
      inFlight: 4,
      retry: { attempts: 3, intervalMs: 1, maxIntervalMs: 1 },
      reading: new AbortController().signal,
      onError() {},
      onFailed: gaveUp.resolve,
    });
    assertEquals((await gaveUp.promise).code, "CAISSON_BUFFER_FAILED");
    assertEquals([reads, buffer.failure?.code], [3, "CAISSON_BUFFER_FAILED"]);
    let failed: unknown;
    const settlement = new Settlement((failures) => failed = failures.get(0));
    const codec = createCodec("json");
    void buffer.push({ batch: undefined, events: [Event.made(1, codec, 1).settledBy(settlement)], codec, settlement });
    assertEquals(failed, buffer.failure);
    await buffer.drain();
    await buffer.close();
    assert(rows(path, "entries").length > 0, "what is in the file stays there");
  }));
