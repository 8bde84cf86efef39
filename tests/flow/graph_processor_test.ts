/** Processors of plugins inside a graph of steps, in both forms. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CaissonError, pipeline, type PipelineDefinition, ports, Runtime, shape } from "../../mod.ts";
import type { PollResult, ProcessorPart, SourcePart, ValueSinkPart } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { describeFlow } from "../../runtime/flow/describe_flow.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";

interface Reading {
  readonly n: number;
  readonly kind?: string;
}

/** Numbers, in batches of 16; one verdict each, or it throws. */
class Numbers implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly verdicts: string[] = [];
  readonly #count: number;
  #next = 0;
  constructor(count: number) {
    this.#count = count;
  }
  poll(batch: Batch): PollResult {
    for (let index = 0; index < 16 && this.#next < this.#count; index++) {
      const kind = ["even", "odd", "none"][this.#next % 3];
      batch.appendBytes(new TextEncoder().encode(JSON.stringify({ n: this.#next, kind })), this.#next);
      batch.setSequence(index, this.#next++);
    }
    return { state: this.#next < this.#count ? "filled" : "ended" };
  }
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    for (let index = 0; index < batch.count; index++) {
      const sequence = batch.sequence(index);
      assert(!(sequence in this.verdicts), `event ${sequence} has two verdicts`);
      this.verdicts[sequence] = failures.has(index) ? "failed" : "acked";
    }
  }
  close(): void {}
}

const start = pipeline("main", { in: shape<Reading>() });
const routed = start.branch({ even: (event) => event("kind").eq("even"), odd: (event) => event("kind").eq("odd") });
const worked = routed.even.use<Reading>("work");

const forms: Readonly<Record<string, PipelineDefinition>> = {
  builder: ports({
    out: worked.merge(routed.odd.set({ odd: true })).set({ end: true }),
    rest: routed.rest,
  }),
  JSON: {
    nodes: {
      route: [{ branch: { even: ["==", ["field", "kind"], "even"], odd: ["==", ["field", "kind"], "odd"] } }],
      even: [{ processor: { type: "work" } }],
      odd: [{ set: { odd: true } }],
      end: [{ set: { end: true } }],
    },
    links: [
      { from: "in", to: "route" },
      { from: "route/even", to: "even" },
      { from: "route/odd", to: "odd" },
      { from: "even", to: "end" },
      { from: "odd", to: "end" },
      { from: "end", to: "out" },
      { from: "route", to: "rest" },
    ],
    ports: ["rest"],
  },
};

const connectors = {
  in: { type: "in" },
  out: { type: "values", config: { name: "out" } },
  rest: { type: "values", config: { name: "rest" } },
  bad: { type: "values", config: { name: "bad" } },
};

interface Ran {
  readonly runtime: Runtime;
  readonly source: Numbers;
  readonly written: Record<string, { n: number }[]>;
}

function running(count: number, refuses: (n: number) => boolean = () => false): Ran {
  const runtime = new Runtime({ onError: () => {} });
  const source = new Numbers(count);
  const written: Ran["written"] = { out: [], rest: [], bad: [] };
  runtime.provide({ type: "in", kind: "source", create: () => source });
  runtime.provide({
    type: "values",
    kind: "sink",
    create: ({ config }): ValueSinkPart => ({
      accepts: "values",
      write: (events) => void written[config["name"] as string]!.push(...events.map(({ value }) => value as never)),
      close() {},
    }),
  });
  const work: ProcessorPart = {
    codec: "json",
    maxEvents: 4,
    async process(batch, out) {
      await Promise.resolve();
      for (let index = 0; index < batch.count; index++) {
        const { n } = JSON.parse(new TextDecoder().decode(batch.payload(index))) as Reading;
        if (refuses(n)) throw new Error("not this one");
        out.appendBytes(new TextEncoder().encode(JSON.stringify({ n, worked: true })), batch.timestampMs(index));
      }
    },
    close() {},
  };
  runtime.provide({ type: "work", kind: "processor", create: () => work });
  return { runtime, source, written };
}

const byNumber = (one: { n: number }, other: { n: number }): number => one.n - other.n;

for (const [form, main] of Object.entries(forms)) {
  Deno.test(`a processor is a node of a pipeline's graph: its events join others, each with one verdict (${form})`, async () => {
    const { runtime, source, written } = running(300);
    await using _ = runtime;
    const flow = await runtime.deploy({
      name: "graph",
      connectors: { in: connectors.in, out: connectors.out, rest: connectors.rest },
      pipelines: { main },
      links: [{ from: "in", to: "main" }, { from: "main", to: "out" }, { from: "main/rest", to: "rest" }],
    });
    await flow.done;
    assertEquals(source.verdicts, new Array(300).fill("acked"));
    const expected = Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 3 !== 2).map((n) =>
      n % 3 === 0 ? { n, worked: true, end: true } : { n, kind: "odd", odd: true, end: true }
    );
    assertEquals(written["out"]!.toSorted(byNumber), expected);
    assertEquals(written["rest"]!.map(({ n }) => n), Array.from({ length: 100 }, (_, n) => 3 * n + 2));
    assertEquals(flow.report().failed, 0);
  });

  Deno.test(`what a processor in a graph fails on leaves by err, or fails at the source (${form})`, async () => {
    for (const linked of [true, false]) {
      const { runtime, source, written } = running(48, (n) => n === 0 || n === 24);
      await using _ = runtime;
      const flow = await runtime.deploy({
        name: "graph",
        connectors: { in: connectors.in, out: connectors.out, ...(linked ? { bad: connectors.bad } : {}) },
        pipelines: { main },
        links: [
          { from: "in", to: "main" },
          { from: "main", to: "out" },
          ...(linked ? [{ from: "main/err", to: "bad" }] : []),
        ],
      });
      await flow.done;
      // Of every 16 events six or five are even; a refused one fails with the three before or behind it.
      const lost = [0, 3, 6, 9, 18, 21, 24, 27];
      const worked = written["out"]!.filter((value) => "worked" in value).map(({ n }) => n).toSorted((a, b) => a - b);
      assertEquals(worked, Array.from({ length: 16 }, (_, n) => 3 * n).filter((n) => !lost.includes(n)));
      const verdicts = source.verdicts.map((verdict, n) => verdict === "failed" ? n : -1).filter((n) => n >= 0);
      assertEquals(verdicts, linked ? [] : lost);
      assertEquals(
        written["bad"]!.map((value) => (value as unknown as { event: Reading }).event.n).toSorted((a, b) => a - b),
        linked ? lost : [],
      );
    }
  });
}

Deno.test("a drawing shows the processor of a graph between what feeds it and what it feeds", () => {
  const { text, mermaid } = describeFlow(parseFlow({
    name: "graph",
    connectors: { in: connectors.in, out: connectors.out },
    pipelines: { main: forms["JSON"] },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  }, "graph.json"));
  assert(text.includes("main-part-even  (processor work of pipeline main)\n    -> main-part-end"), text);
  assert(text.includes("even-of-route -> main-part-even") || text.includes("route-even -> main-part-even"), text);
  assert(mermaid.includes("processor work"), mermaid);
});

Deno.test("a diagram shows the lists of a graph with the links between them", () => {
  const { mermaid } = describeFlow(parseFlow({
    name: "graph",
    connectors: { in: connectors.in, out: connectors.out, bad: connectors.bad },
    pipelines: {
      main: {
        nodes: { route: [{ branch: { slow: true } }, { filter: true }], end: [] },
        links: [
          { from: "in", to: "route" },
          { from: "route/slow", to: ["end", "audit"] },
          { from: "route", to: "out" },
          { from: "end", to: "out" },
        ],
      },
    },
    links: [
      { from: "in", to: "main" },
      { from: "main", to: "out" },
      { from: "main/audit", to: "bad" },
      { from: "main/err", to: "bad" },
    ],
  }, "graph.json"));
  assertEquals(mermaid.split("\n"), [
    "flowchart LR",
    '  n0(["in<br>source in"])',
    '  subgraph n3["main"]',
    '    n3_0(["in"])',
    '    n3_3(["audit"])',
    '    n3_4(["out"])',
    '    n3_1["route<br>branch → filter"]',
    '    n3_2["end"]',
    "    n3_0 --> n3_1",
    "    n3_1 -->|slow| n3_2",
    "    n3_1 -->|slow| n3_3",
    "    n3_1 --> n3_4",
    "    n3_2 --> n3_4",
    "  end",
    '  n1(["out<br>sink values"])',
    '  n2(["bad<br>sink values"])',
    "  n0 --> n3_0",
    "  n3_4 --> n1",
    "  n3_3 --> n2",
    "  n3 -->|err| n2",
    "",
  ]);
});

Deno.test("steps around a processor are replaced while the flow runs; other processors are refused", async () => {
  const { runtime, source, written } = running(Infinity);
  await using _ = runtime;
  const marked = (mark: string, type = "work"): PipelineDefinition => ({
    nodes: {
      before: [{ filter: ["<", ["field", "n"], 1e9] }],
      work: [{ processor: { type } }],
      after: [{ set: { mark: ["concat", mark] } }],
    },
    links: [
      { from: "in", to: "before" },
      { from: "before", to: "work" },
      { from: "work", to: "after" },
      { from: "after", to: "out" },
    ],
  });
  const flow = await runtime.deploy({
    name: "graph",
    connectors: { in: connectors.in, out: connectors.out },
    pipelines: { main: marked("old") },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  });
  await until(() => written["out"]!.length > 100);
  const error = await assertRejects(() => flow.replacePipeline("main", marked("new", "other")), CaissonError);
  assertEquals([error.code, error.subject], ["CAISSON_FLOW_INVALID", "graph: pipelines.main"]);
  await flow.replacePipeline("main", marked("new"));
  const seen = written["out"]!.length;
  await flow.pause("main");
  await flow.resume("main");
  await until(() => written["out"]!.length > seen + 100);
  await flow.stop();
  const marks = written["out"]!.map((value) => (value as unknown as { mark: string }).mark);
  assertEquals(marks.lastIndexOf("old") + 1, marks.indexOf("new"));
  assertEquals(written["out"]!.map(({ n }) => n), source.verdicts.map((_, n) => n));
  assert(source.verdicts.every((verdict) => verdict === "acked"));
});

async function until(condition: () => boolean): Promise<void> {
  const limit = AbortSignal.timeout(30_000);
  while (!condition()) {
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
