import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { CaissonError, type DeadLetter, type FlowDefinition, Runtime } from "../../mod.ts";
import type { PollResult, ProcessorPart, SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { buildGraph } from "../../runtime/flow/graph.ts";
import { describeFlow } from "../../runtime/flow/describe_flow.ts";
import type { Flow } from "../../runtime/flow/flow.ts";

const encoder = new TextEncoder();

/** Texts, in batches of 4; one verdict each, or it throws. */
class Texts implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly verdicts: (unknown | "acked")[] = [];
  readonly #texts: readonly string[];
  readonly #isEndless: boolean;
  #next = 0;
  constructor(texts: readonly string[], isEndless = false) {
    this.#texts = texts;
    this.#isEndless = isEndless;
  }
  poll(batch: Batch): PollResult {
    for (let index = 0; index < 4 && this.#next < this.#texts.length; index++) {
      batch.appendBytes(encoder.encode(this.#texts[this.#next]), 1000 + this.#next);
      batch.setSequence(index, this.#next++);
    }
    if (this.#next < this.#texts.length) return { state: "filled" };
    return { state: this.#isEndless ? "idle" : "ended" };
  }
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    for (let index = 0; index < batch.count; index++) {
      const sequence = batch.sequence(index);
      assert(!(sequence in this.verdicts), `event ${sequence} has two verdicts`);
      this.verdicts[sequence] = failures.has(index) ? failures.get(index) : "acked";
    }
  }
  close(): void {}
  get isSettled(): boolean {
    return this.verdicts.filter(() => true).length === this.#texts.length;
  }
}

/** Refuses what `refuses` says, as one event of a batch. */
function picky(refuses: (value: { n: number }) => boolean, seen: unknown[] = []): SinkPart {
  return {
    accepts: "values",
    write: (events) => {
      const verdicts = [];
      for (const [index, event] of events.entries()) {
        if (refuses(event.value as { n: number })) {
          verdicts.push({ index, action: 1, failureClass: 1, code: 0, retryAfterMs: 0 });
        } else seen.push(event.value);
      }
      return { verdicts, reason: new Error("not this one") };
    },
    close() {},
  };
}

function letters(into: DeadLetter[]): SinkPart {
  return {
    accepts: "values",
    write: (events) => void into.push(...events.map(({ value }) => value as DeadLetter)),
    close() {},
  };
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, n) => `{"n":${n}}`);

function flowOf(more: Partial<FlowDefinition> = {}): FlowDefinition {
  return {
    name: "orders",
    connectors: { in: { type: "in" }, out: { type: "out" }, dead: { type: "dead" } },
    links: [{ from: "in", to: "out" }],
    deadLetter: "dead",
    ...more,
  };
}

interface Ran {
  readonly flow: Flow;
  readonly errors: CaissonError[];
}

async function deploy(
  runtime: Runtime,
  source: SourcePart,
  out: SinkPart,
  dead: SinkPart,
  definition: FlowDefinition,
  processor?: ProcessorPart,
): Promise<Flow> {
  runtime.provide({ type: "in", kind: "source", create: () => source });
  runtime.provide({ type: "out", kind: "sink", create: () => out });
  runtime.provide({ type: "dead", kind: "sink", create: () => dead });
  if (processor !== undefined) runtime.provide({ type: "work", kind: "processor", create: () => processor });
  return await runtime.deploy(definition);
}

async function run(
  ...[source, out, dead, definition, processor]: Parameters<typeof deploy> extends [Runtime, ...infer Rest] ? Rest
    : never
): Promise<Ran> {
  const errors: CaissonError[] = [];
  await using runtime = new Runtime({ onError: (error) => errors.push(error) });
  const flow = await deploy(runtime, source, out, dead, definition, processor);
  await flow.done;
  return { flow, errors };
}

const acked = (count: number): string[] => new Array(count).fill("acked");

Deno.test("a refused event goes to the dead letter with reason, attempts and origin, and is acked then", async () => {
  const source = new Texts(texts(10));
  const seen: unknown[] = [];
  const dead: DeadLetter[] = [];
  await run(source, picky(({ n }) => n === 5, seen), letters(dead), flowOf());
  assertEquals(source.verdicts, acked(10));
  assertEquals(seen.length, 9);
  assertEquals(dead, [{
    event: { n: 5 },
    error: { code: "CAISSON_SINK_FAILED", message: dead[0]!.error.message },
    attempts: 1,
    origin: { flow: "orders", connector: "in", link: "in->out", timestamp: 1005 },
  }]);
  assert(dead[0]!.error.message.includes("not this one"), dead[0]!.error.message);
});

Deno.test("a link tries again before it gives up, and only what failed", async () => {
  const source = new Texts(texts(8));
  const dead: DeadLetter[] = [];
  const tries = new Map<number, number>();
  const out = picky(({ n }) => {
    tries.set(n, (tries.get(n) ?? 0) + 1);
    return n === 3 || (n === 6 && tries.get(n)! < 3);
  });
  const links = [{ from: "in", to: "out", retry: { attempts: 4, intervalMs: 1 } }];
  await run(source, out, letters(dead), flowOf({ links }));
  assertEquals([tries.get(2), tries.get(3), tries.get(6)], [1, 4, 3]);
  assertEquals(dead.map(({ event, attempts }) => ({ event, attempts })), [{ event: { n: 3 }, attempts: 4 }]);
  assertEquals(source.verdicts, acked(8));
});

Deno.test("without a dead letter an event fails when its attempts are used up", async () => {
  const source = new Texts(texts(4));
  const { deadLetter: _, connectors: { dead: __, ...connectors }, ...flow } = flowOf({
    links: [{ from: "in", to: "out", retry: { attempts: 2, intervalMs: 1 } }],
  });
  await run(source, picky(({ n }) => n === 1), letters([]), { ...flow, connectors } as FlowDefinition);
  assertEquals(source.verdicts.map((verdict) => verdict === "acked"), [true, false, true, true]);
});

Deno.test("an event whose dead letter fails as well is failed, with the reason of its own", async () => {
  const source = new Texts(texts(4));
  const broken: SinkPart = { accepts: "values", write: () => Promise.reject(new Error("full")), close() {} };
  await run(source, picky(({ n }) => n === 2), broken, flowOf());
  assertEquals(source.verdicts.map((verdict) => verdict === "acked"), [true, true, false, true]);
  assert(String(source.verdicts[2]).includes("not this one"), String(source.verdicts[2]));
});

Deno.test("a sink that crashes loses nothing: all it did not take is in the dead letter", async () => {
  const source = new Texts(texts(40));
  const seen: number[] = [];
  const dead: DeadLetter[] = [];
  const out: SinkPart = {
    accepts: "values",
    write(events) {
      if (seen.length >= 12) return Promise.reject(new Error("gone"));
      seen.push(...events.map(({ value }) => (value as { n: number }).n));
    },
    close() {},
  };
  await run(source, out, letters(dead), flowOf());
  assertEquals(source.verdicts, acked(40));
  const all = [...seen, ...dead.map(({ event }) => (event as { n: number }).n)];
  assertEquals(all.sort((a, b) => a - b), Array.from({ length: 40 }, (_, n) => n));
});

Deno.test("an event that does not decode, and one that cannot be encoded, arrive as bytes and as text", async () => {
  const source = new Texts(['{"n":1}', "{broken", '{"n":3}']);
  const dead: DeadLetter[] = [];
  const packed: SinkPart = { accepts: "bytes", codec: "msgpack", write() {}, close() {} };
  await run(source, packed, letters(dead), flowOf());
  assertEquals(source.verdicts, acked(3));
  assertEquals(dead.length, 1);
  assertEquals(atob(dead[0]!.bytes!), "{broken");
  assertEquals(dead[0]!.error.code, "CAISSON_CODEC_DECODE");

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const made: DeadLetter[] = [];
  const second = new Texts(texts(2));
  const bytes: SinkPart = { accepts: "bytes", codec: "json", write() {}, close() {} };
  await run(
    second,
    bytes,
    letters(made),
    flowOf({
      pipelines: { p: [{ project: (event) => (event.value as { n: number }).n === 1 ? cyclic : event.value }] },
      links: [{ from: "in", to: "p" }, { from: "p", to: "out", deadLetter: "dead" }],
    }),
  );
  assertEquals(second.verdicts, acked(2));
  assert(made[0]!.text!.includes("[Circular"), JSON.stringify(made));
  assertEquals(made[0]!.origin.connector, "in");
});

Deno.test("what a processor throws on, and what an operator throws on, is in the dead letter", async () => {
  const dead: DeadLetter[] = [];
  const source = new Texts(texts(12));
  const processor: ProcessorPart = {
    maxEvents: 4,
    process(batch, out) {
      if (batch.sequence(0) === 4) throw new Error("cannot");
      for (let index = 0; index < batch.count; index++) out.appendBytes(batch.payload(index), 1);
    },
    close() {},
  };
  const seen: unknown[] = [];
  await run(
    source,
    picky(() => false, seen),
    letters(dead),
    flowOf({
      processors: { work: { type: "work" } },
      pipelines: {
        p: [{
          filter: (event) => {
            if ((event.value as { n: number }).n === 9) throw new Error("nine");
            return true;
          },
        }],
      },
      links: [{ from: "in", to: "work" }, { from: "work", to: "p" }, { from: "p", to: "out" }],
    }),
    processor,
  );
  assertEquals(source.verdicts, acked(12));
  assertEquals(dead.map(({ event }) => (event as { n: number }).n), [4, 5, 6, 7, 9]);
  assertEquals(seen.length, 7);
});

Deno.test("events a window kept are in the dead letter when its result fails, also at the end", async () => {
  const source = new Texts(texts(10));
  const dead: DeadLetter[] = [];
  await run(
    source,
    picky(() => true),
    letters(dead),
    flowOf({
      pipelines: { p: [{ batch: { count: 6 } }] },
      links: [{ from: "in", to: "p" }, { from: "p", to: "out" }],
    }),
  );
  assertEquals(source.verdicts, acked(10));
  assertEquals(dead.map(({ event }) => (event as { n: number }).n), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("events of a result that fails again and again have one verdict, and one letter each", async () => {
  const source = new Texts(texts(12));
  const dead: DeadLetter[] = [];
  await run(
    source,
    picky(() => true),
    letters(dead),
    flowOf({
      pipelines: { p: [{ batch: { count: 3 } }] },
      links: [{ from: "in", to: "p", retry: { attempts: 3, intervalMs: 1 } }, { from: "p", to: "out" }],
    }),
  );
  assertEquals(source.verdicts, acked(12));
  assertEquals(dead.map(({ event }) => (event as { n: number }).n).sort((a, b) => a - b), texts(12).map((_, n) => n));
});

Deno.test("a stop does not wait for a long back-off: one more attempt, then the dead letter", async () => {
  const source = new Texts(texts(4), true);
  const dead: DeadLetter[] = [];
  let tries = 0;
  const refused = Promise.withResolvers<void>();
  const out = picky(() => {
    tries++;
    refused.resolve();
    return true;
  });
  await using runtime = new Runtime({ onError: () => {} });
  const flow = await deploy(
    runtime,
    source,
    out,
    letters(dead),
    flowOf({
      links: [{ from: "in", to: "out", retry: { attempts: 9, intervalMs: 3_600_000, maxIntervalMs: 3_600_000 } }],
    }),
  );
  await refused.promise;
  await flow.stop({ deadlineMs: 60_000 });
  assertEquals(flow.state, "stopped");
  assertEquals(source.verdicts, acked(4));
  assertEquals([tries, dead.length], [8, 4]);
  assertEquals(dead.map(({ attempts }) => attempts), [2, 2, 2, 2], "as often as they were delivered");
});

Deno.test("what fails while the flow stops is tried once more at once, then the dead letter has it", async () => {
  const source = new Texts(texts(4), true);
  const dead: DeadLetter[] = [];
  const writing = Promise.withResolvers<void>();
  const stopping = Promise.withResolvers<void>();
  const out: SinkPart = {
    accepts: "values",
    async write() {
      writing.resolve();
      await stopping.promise;
      throw new Error("full");
    },
    close() {},
  };
  await using runtime = new Runtime({ onError: () => {} });
  const flow = await deploy(
    runtime,
    source,
    out,
    letters(dead),
    flowOf({
      links: [{ from: "in", to: "out", retry: { attempts: 9, intervalMs: 3_600_000, maxIntervalMs: 3_600_000 } }],
    }),
  );
  await writing.promise;
  const stopped = flow.stop({ deadlineMs: 60_000 });
  stopping.resolve();
  await stopped;
  assertEquals(source.verdicts, acked(4));
  assertEquals(dead.map(({ attempts }) => attempts), [2, 2, 2, 2]);
});

Deno.test("a forced stop fails what waits for its next attempt", async () => {
  const source = new Texts(texts(4), true);
  const refused = Promise.withResolvers<void>();
  const out: SinkPart = {
    accepts: "values",
    write() {
      refused.resolve();
      return new Promise(() => {});
    },
    close() {},
  };
  await using runtime = new Runtime({ onError: () => {} });
  const flow = await deploy(runtime, source, out, letters([]), flowOf());
  await refused.promise;
  await flow.stop({ deadlineMs: 10 });
  assertEquals(source.verdicts.length, 4);
  assert(source.verdicts.every((verdict) => verdict instanceof CaissonError));
});

Deno.test("a buffered link hands what fails too often to the dead letter; its table is for what that refuses", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const works of [true, false]) {
      const path = `${folder}/${works}.db`;
      const source = new Texts(texts(10));
      const dead: DeadLetter[] = [];
      const refusing: SinkPart = { accepts: "values", write: () => Promise.reject(new Error("full")), close() {} };
      await run(
        source,
        picky(({ n }) => n === 7),
        works ? letters(dead) : refusing,
        flowOf({
          links: [{ from: "in", to: "out", buffer: { path, retry: { attempts: 3, intervalMs: 1 } } }],
        }),
      );
      assertEquals(source.verdicts, acked(10));
      const database = new DatabaseSync(path);
      const aside = database.prepare("SELECT attempts FROM set_aside").all();
      const entries = database.prepare("SELECT * FROM entries").all();
      database.close();
      assertEquals(entries, []);
      assertEquals(aside.length, works ? 0 : 1);
      assertEquals(
        dead.map(({ event, attempts }) => ({ event, attempts })),
        works ? [{ event: { n: 7 }, attempts: 3 }] : [],
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("refuses a dead letter that is no connector or takes other events, and a retry beside a buffer", () => {
  const refused = (flow: FlowDefinition, text: string) => {
    const error = assertThrows(() => buildGraph(flow), CaissonError);
    assertEquals(error.code, "CAISSON_FLOW_LINK");
    assert(error.message.includes(text), error.message);
  };
  refused(flowOf({ deadLetter: "nobody" }), '"nobody" is not a connector');
  refused(flowOf({ deadLetter: "out" }), "out, which a link leads to");
  refused(flowOf({ links: [{ from: "in", to: "out", retry: {}, buffer: { path: "x.db" } }] }), "beside a buffer");
  assertEquals(buildGraph(flowOf()).deadLetters, ["dead"]);
});

Deno.test("the drawing of a flow shows its dead letters", () => {
  const { text, mermaid } = describeFlow(flowOf());
  assert(text.includes("failed -> dead"), text);
  assert(mermaid.includes("-.->|failed|"), mermaid);
});
