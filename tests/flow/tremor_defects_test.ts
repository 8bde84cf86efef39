/** The thirteen defects that the description of Tremor lists, each by its letter: none of them is here. */
import { assert, assertEquals } from "@std/assert";
import { type FlowDefinition, type OperatorDefinition, Runtime } from "../../mod.ts";
import type { SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import { drivenFlow, eventually } from "./driven_flow.ts";

const encoder = new TextEncoder();

/** A source of the given payloads that counts its verdicts; it ends, or waits for ever. */
class Payloads implements SourcePart {
  readonly produces: "events" | "chunks";
  acked = 0;
  failed = 0;
  readonly told: string[] = [];
  readonly #left: string[];
  readonly #ends: boolean;

  constructor(
    payloads: readonly string[],
    { produces = "events", ends = true }: { produces?: "events" | "chunks"; ends?: boolean } = {},
  ) {
    this.#left = [...payloads];
    this.produces = produces;
    this.#ends = ends;
  }

  get isRead(): boolean {
    return this.#left.length === 0;
  }

  poll(batch: Parameters<SourcePart["poll"]>[0]): ReturnType<SourcePart["poll"]> {
    const payload = this.#left.shift();
    if (payload !== undefined) batch.appendBytes(encoder.encode(payload), Date.now());
    return { state: payload !== undefined ? "filled" : this.#ends ? "ended" : "idle" };
  }

  settle(batch: Parameters<NonNullable<SourcePart["settle"]>>[0], failures: ReadonlyMap<number, unknown>): void {
    this.failed += failures.size;
    this.acked += batch.count - failures.size;
  }

  breakerTriggered(sink: string): void {
    this.told.push(`triggered ${sink}`);
  }

  breakerRestored(sink: string): void {
    this.told.push(`restored ${sink}`);
  }

  drain(): void {
    this.told.push("drain");
  }

  close(): void {}
}

/** A sink that keeps what it is given, or throws. */
function sinkOf(written: unknown[], isBroken: () => boolean = () => false): SinkPart {
  return {
    accepts: "values",
    write(events) {
      if (isBroken()) throw new Error("out of order");
      for (const { value } of events) written.push(value);
    },
    close() {},
  };
}

interface Running {
  readonly runtime: Runtime;
  readonly errors: string[];
}

function runtimeOf(sources: Record<string, SourcePart>, sinks: Record<string, SinkPart>): Running {
  const errors: string[] = [];
  const runtime = new Runtime({ onError: ({ code }) => void errors.push(code) });
  for (const [type, source] of Object.entries(sources)) {
    runtime.provide({ type, kind: "source", create: () => source });
  }
  for (const [type, sink] of Object.entries(sinks)) runtime.provide({ type, kind: "sink", create: () => sink });
  return { runtime, errors };
}

function flowOf(main: readonly OperatorDefinition[], more: Partial<FlowDefinition> = {}): FlowDefinition {
  return {
    name: "defect",
    connectors: { in: { type: "in" }, out: { type: "out" } },
    pipelines: { main },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
    ...more,
  };
}

Deno.test("(a) a breaker that is restored does not resume a source that an operator paused", async () => {
  await using driven = await drivenFlow();
  await driven.flow.pause("in");
  await driven.flow.pause("out");
  await driven.flow.resume("out");
  const source = driven.flow.report().nodes.find(({ name }) => name === "in")!;
  assertEquals([source.state, source.waitsFor], ["paused", ["user"]]);
});

Deno.test("(b) pausing a sink triggers the breaker upstream, and it writes nothing", async () => {
  const told: string[] = [];
  await using driven = await drivenFlow({
    source: {
      breakerTriggered: (sink) => void told.push(`triggered ${sink}`),
      breakerRestored: (sink) => void told.push(`restored ${sink}`),
    },
  });
  await driven.flow.pause("out");
  assertEquals(told, ["triggered out"]);
  driven.feed(3);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(driven.written, []);
  await driven.flow.resume("out");
  assertEquals(told, ["triggered out", "restored out"]);
  await eventually(() => driven.written.length === 3, "written after all");
});

Deno.test("(c) a drain hands on what preprocessors still hold", async () => {
  const source = new Payloads(["1\n2", "3\n4"], { produces: "chunks", ends: false });
  const written: unknown[] = [];
  const { runtime } = runtimeOf({ in: source }, { out: sinkOf(written) });
  await using _ = runtime;
  const flow = await runtime.deploy(
    flowOf([], { connectors: { in: { type: "in", preprocessors: ["separate"] }, out: { type: "out" } } }),
  );
  await eventually(() => source.isRead, "everything read");
  await flow.stop();
  assertEquals(written, [1, 23, 4]);
});

Deno.test("(d) an event that an operator throws on fails, and the others go on", async () => {
  const source = new Payloads(["1", "2", "3"]);
  const written: unknown[] = [];
  const { runtime, errors } = runtimeOf({ in: source }, { out: sinkOf(written) });
  await using _ = runtime;
  const flow = await runtime.deploy(flowOf([{
    project: ({ value }) => {
      if (value === 2) throw new Error("not two");
      return value;
    },
  }]));
  await flow.done;
  assertEquals([written, source.acked, source.failed], [[1, 3], 2, 1]);
  assertEquals(errors, ["CAISSON_OPERATOR_FAILED"]);
});

Deno.test("(e) an event to a port that leads nowhere is settled", async () => {
  const source = new Payloads(["1", "2", "3"]);
  const written: unknown[] = [];
  const { runtime } = runtimeOf({ in: source }, { out: sinkOf(written) });
  await using _ = runtime;
  const flow = await runtime.deploy(flowOf([{ branch: { odd: ["==", ["%", ["field", []], 2], 1] } }]));
  await flow.done;
  assertEquals([source.acked, source.failed, written.length + flow.report().dropped], [3, 0, 3]);
});

Deno.test("(f) what is told is told once, though several ways lead there", async () => {
  const source = new Payloads(["1"], { ends: false });
  const { runtime } = runtimeOf({ in: source }, { out: sinkOf([]) });
  await using _ = runtime;
  const flow = await runtime.deploy(flowOf([], {
    pipelines: { main: [], other: [] },
    links: [{ from: "in", to: ["main", "other", "out"] }, { from: "main", to: "out" }, { from: "other", to: "out" }],
  }));
  await flow.pause("out");
  await flow.resume("out");
  await flow.stop();
  assertEquals(source.told, ["triggered out", "restored out", "drain"]);
  assertEquals(source.acked, flow.report().in);
});

Deno.test("(g) an operator before a batch is told what became of its events", async () => {
  const source = new Payloads(Array.from({ length: 40 }, (_, index) => String(index)));
  const overflow: unknown[] = [];
  const { runtime } = runtimeOf({ in: source }, { out: sinkOf([], () => true), overflow: sinkOf(overflow) });
  await using _ = runtime;
  const flow = await runtime.deploy(
    flowOf([{ backpressure: { timeoutMs: 60_000, steps: [60_000] } }, { batch: { count: 4 } }], {
      connectors: { in: { type: "in", batchEvents: 1 }, out: { type: "out" }, overflow: { type: "overflow" } },
      links: [{ from: "in", to: "main" }, { from: "main", to: "out" }, { from: "main/overflow", to: "overflow" }],
    }),
  );
  await flow.done;
  assert(source.failed >= 4 && source.failed < 40, `${source.failed} failed`);
  assertEquals([overflow.length, source.acked], [40 - source.failed, 40 - source.failed]);
});

Deno.test("(h) a flow that has ended leaves the registry, and reconnects are counted", async () => {
  const { runtime } = runtimeOf({ in: new Payloads(["1"]) }, { out: sinkOf([]) });
  await using _ = runtime;
  const flow = await runtime.deploy(flowOf([]));
  assertEquals(runtime.flows.length, 1);
  await flow.done;
  await eventually(() => runtime.flows.length === 0, "gone from the registry");
  await using driven = await drivenFlow({ connectors: { out: { reconnect: { intervalMs: 1 } } } });
  const reconnects = () => driven.flow.report().nodes.find(({ name }) => name === "out")!.reconnects;
  for (let time = 1; time <= 2; time++) {
    driven.lost.get("out")!("gone");
    await eventually(() => reconnects() === time, `${time} reconnects`);
  }
});

Deno.test("(i) round robin that succeeds reports no error", async () => {
  const left: unknown[] = [];
  const right: unknown[] = [];
  const { runtime, errors } = runtimeOf(
    { in: new Payloads(["1", "2", "3", "4"]) },
    { out: sinkOf(left), right: sinkOf(right) },
  );
  await using _ = runtime;
  const flow = await runtime.deploy(flowOf([{ roundRobin: { ports: ["left", "right"] } }], {
    connectors: { in: { type: "in" }, out: { type: "out" }, right: { type: "right" } },
    links: [{ from: "in", to: "main" }, { from: "main/left", to: "out" }, { from: "main/right", to: "right" }],
  }));
  await flow.done;
  assertEquals([left, right, errors], [[1, 3], [2, 4], []]);
});

Deno.test("(j) the verdicts about the lines of a file reach its source", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "1\n2\n3\n");
    const { runtime } = runtimeOf({}, { out: sinkOf([], () => true) });
    await using _ = runtime;
    const flow = await runtime.deploy(
      flowOf([], {
        connectors: { in: { type: "file", config: { path }, preprocessors: ["separate"] }, out: { type: "out" } },
      }),
    );
    await flow.done;
    const { metrics } = flow.report().nodes.find(({ role }) => role === "source")!;
    assertEquals([metrics.in, metrics.failed], [3, 3]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("(k) a pipeline that is paused passes nothing, and the flow says so", async () => {
  await using driven = await drivenFlow();
  await driven.flow.pause("pass");
  driven.feed(2);
  await eventually(() => driven.flow.report().in > 0, "read");
  assertEquals([driven.written, driven.flow.report().nodes.find(({ name }) => name === "pass")!.state], [[], "paused"]);
  await driven.flow.resume("pass");
  await eventually(() => driven.written.length === 2, "passed");
  await driven.flow.pause();
  assertEquals(driven.flow.report().state, "paused");
  assertEquals(driven.flow.report().nodes.map(({ state }) => state), ["paused", "paused", "paused"]);
});

Deno.test("(l) the state of an operator outlives the flow", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const sums = [{ state: { initial: 0, update: ["+", ["state"], ["field", []]], target: ["state"] } }] as const;
    const written: unknown[] = [];
    for (const payloads of [["1", "2"], ["1", "2", "3"]]) {
      const source = new Payloads(payloads, { ends: false });
      const { runtime } = runtimeOf({ in: source }, { out: sinkOf(written) });
      await using _ = runtime;
      const flow = await runtime.deploy(flowOf(sums, { state: { path: `${folder}/state.db` } }));
      await eventually(() => source.isRead, "everything read");
      await flow.stop();
    }
    assertEquals(written, [1, 3, 6]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("(m) a flow is stopped and another one of its name deployed while the runtime runs", async () => {
  const written: unknown[] = [];
  const { runtime } = runtimeOf({ in: new Payloads(["1"], { ends: false }) }, { out: sinkOf(written) });
  await using _ = runtime;
  const first = await runtime.deploy(flowOf([]));
  await eventually(() => written.length === 1, "written");
  await first.stop();
  await eventually(() => runtime.flows.length === 0, "gone");
  const second = await runtime.deploy(flowOf([{ filter: ["!=", ["field", []], 1] }]));
  assertEquals([first.state, second.state], ["stopped", "running"]);
});
