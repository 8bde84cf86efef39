import { assert, assertEquals } from "@std/assert";
import { Breaker } from "../../runtime/connector/breaker.ts";
import { Gate } from "../../runtime/connector/gate.ts";
import { type PipelineDefinition, Runtime } from "../../mod.ts";
import { drivenFlow, eventually } from "./driven_flow.ts";

const breaker = { failures: 3, resetMs: 5 };

/** A sink that refuses everything while `isBroken`. */
function breakable(): { isBroken: boolean; writes: number; write(): void } {
  return {
    isBroken: true,
    writes: 0,
    write() {
      this.writes++;
      if (this.isBroken) throw new Error("disk full");
    },
  };
}

Deno.test("a breaker triggers after failures in a row only, and a success starts the count anew", () => {
  const gate = new Gate();
  const errors: string[] = [];
  using tested = new Breaker({ failures: 2, alias: "main/out", gate, onError: ({ code }) => void errors.push(code) });
  tested.wrote(0, 1);
  tested.wrote(5, 1);
  tested.wrote(0, 1);
  tested.wrote(0, 0);
  assertEquals([gate.isOpen, tested.triggered], [true, 0]);
  tested.wrote(0, 3);
  assertEquals([gate.reasons, tested.triggered, errors], [["breaker"], 1, ["CAISSON_BREAKER_TRIGGERED"]]);
});

Deno.test("a sink that only fails is left alone, its sources wait, and it goes on when the sink does", async () => {
  const told: string[] = [];
  const sink = breakable();
  await using driven = await drivenFlow({
    source: {
      breakerTriggered: (name) => void told.push(`triggered ${name}`),
      breakerRestored: (name) => void told.push(`restored ${name}`),
    },
    sink: { write: () => sink.write() },
    connectors: { out: { breaker: { ...breaker, resetMs: 60_000 } } },
  });
  driven.feed(20);
  await eventually(() => told.length > 0, "the breaker triggered");
  const { nodes } = driven.flow.report();
  assertEquals(nodes.find(({ name }) => name === "in")!.waitsFor, ["sink:out"]);
  assertEquals(nodes.find(({ name }) => name === "out")!.waitsFor, ["breaker"]);
  assertEquals([sink.writes, driven.failed, told], [3, 3, ["triggered out"]]);
  // Stopping does not wait for the breaker: what was read is tried, and has its verdict.
  sink.isBroken = false;
  await driven.flow.stop();
  assertEquals(driven.acked, driven.flow.report().in - 3);
});

Deno.test("after its wait the breaker lets one write decide", async () => {
  const sink = breakable();
  await using driven = await drivenFlow({ sink: { write: () => sink.write() }, connectors: { out: { breaker } } });
  driven.feed(100);
  const triggers = () => driven.errors.filter((code) => code === "CAISSON_BREAKER_TRIGGERED").length;
  await eventually(() => triggers() >= 3, "triggered three times");
  assert(sink.writes <= 3 + triggers(), `${sink.writes} writes, ${triggers()} triggers`);
  sink.isBroken = false;
  await eventually(() => driven.acked + driven.failed === 100, "every event settled");
  assert(driven.acked > 80);
});

Deno.test("a breaker that is restored does not undo the pause of an operator", async () => {
  const sink = breakable();
  await using driven = await drivenFlow({ sink: { write: () => sink.write() }, connectors: { out: { breaker } } });
  const triggers = () => driven.errors.filter((code) => code === "CAISSON_BREAKER_TRIGGERED").length;
  const waitsFor = () => driven.flow.report().nodes.find(({ name }) => name === "in")!.waitsFor;
  driven.feed(3);
  await eventually(() => triggers() === 1, "triggered");
  await driven.flow.pause("in");
  sink.isBroken = false;
  await eventually(() => waitsFor().join() === "user", "restored");
  driven.feed(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([driven.acked, driven.failed], [0, 3]);
  await driven.flow.resume("in");
  await eventually(() => driven.acked === 1, "read again");
});

Deno.test("a sink that never answers costs no event its verdict: a stop that is out of patience fails them", async () => {
  await using driven = await drivenFlow({ sink: { write: () => new Promise(() => {}) } });
  driven.feed(4);
  await eventually(() => driven.flow.report().in === 4, "read");
  await driven.flow.stop({ deadlineMs: 20 });
  assertEquals([driven.acked, driven.failed, driven.flow.state], [0, 4, "failed"]);
});

/** Numbers go round robin to two sinks; one of them only fails, later than it is called. */
async function besideBroken(
  both: {
    readonly isBroken: readonly [boolean, boolean];
    readonly share?: PipelineDefinition;
    readonly resetMs?: number;
  },
  test: (
    flow: Awaited<ReturnType<Runtime["deploy"]>>,
    written: readonly number[][],
    told: readonly string[],
  ) => Promise<void>,
): Promise<void> {
  const written: number[][] = [[], []];
  const told: string[] = [];
  let next = 0;
  await using runtime = new Runtime({ onError() {} });
  runtime.provide({
    type: "in",
    kind: "source",
    create: () => ({
      produces: "events",
      codec: "json",
      poll(batch) {
        for (let index = 0; index < 4; index++) batch.appendBytes(new TextEncoder().encode(String(next++)), 1);
        return { state: "idle", retryAfterMs: 1 };
      },
      breakerTriggered: (name) => void told.push(`triggered ${name}`),
      breakerRestored: (name) => void told.push(`restored ${name}`),
      close() {},
    }),
  });
  for (const [index, type] of ["a", "b"].entries()) {
    runtime.provide({
      type,
      kind: "sink",
      create: () => ({
        accepts: "values",
        async write(events) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (both.isBroken[index]) throw new Error("down");
          for (const { value } of events) written[index]!.push(value as number);
        },
        close() {},
      }),
    });
  }
  const { resetMs = 60_000, share = [{ roundRobin: { ports: ["one", "two"] } }] } = both;
  const breaker = { failures: 3, resetMs };
  const flow = await runtime.deploy({
    name: "main",
    connectors: { in: { type: "in" }, a: { type: "a", breaker }, b: { type: "b", breaker } },
    pipelines: { share },
    links: [{ from: "in", to: "share" }, { from: "share/one", to: "a" }, { from: "share/two", to: "b" }],
  });
  await test(flow, written, told);
}

const waitsOf = (
  flow: { report(): { nodes: readonly { name: string; waitsFor: readonly string[] }[] } },
  node: string,
) => flow.report().nodes.find(({ name }) => name === node)!.waitsFor;

Deno.test("behind a round robin only the sink that fails is left alone: the source and the other sink go on", () =>
  besideBroken({ isBroken: [true, false] }, async (flow, written, told) => {
    await eventually(() => waitsOf(flow, "a").includes("breaker"), "the breaker triggered");
    const before = written[1]!.length;
    await eventually(() => written[1]!.length > before + 200, "the other sink goes on");
    assertEquals([waitsOf(flow, "in"), waitsOf(flow, "b"), told], [[], [], []]);
    // What was not on its way to the broken one goes to the other without a gap.
    assertEquals(written[1]!.slice(-20), Array.from({ length: 20 }, (_, at) => written[1]!.at(-1)! - 19 + at));
  }));

/** The round robin is a node among others, and what it gives goes through more of them. */
const deep: PipelineDefinition = {
  nodes: {
    first: [{ filter: true }],
    deal: [{ roundRobin: { ports: ["left", "right"] } }],
    west: [{ filter: [">=", ["field", []], 0] }],
    further: [{ filter: true }],
  },
  links: [
    { from: "in", to: "first" },
    { from: "first", to: "deal" },
    { from: "deal/left", to: "west" },
    { from: "west", to: "further" },
    { from: "further", to: "one" },
    { from: "deal/right", to: "two" },
  ],
};

Deno.test("so it is where the round robin is a node of a graph, and a sink that is well again gets its share again", () => {
  const isBroken: [boolean, boolean] = [true, false];
  return besideBroken({ isBroken, share: deep, resetMs: 20 }, async (flow, written, told) => {
    await eventually(() => waitsOf(flow, "a").includes("breaker"), "the breaker triggered");
    const before = written[1]!.length;
    await eventually(() => written[1]!.length > before + 200, "the other sink goes on");
    assertEquals([waitsOf(flow, "in"), waitsOf(flow, "b"), told], [[], [], []]);
    isBroken[0] = false;
    await eventually(() => written[0]!.length > 200, "the sink gets events again");
    // Turn by turn: between two events of the one there is one of the other.
    const last = written[0]!.slice(-20);
    assertEquals(last, Array.from({ length: 20 }, (_, at) => last[0]! + 2 * at));
  });
});

Deno.test("when every sink behind a round robin in a graph is left alone, the source waits", () =>
  besideBroken({ isBroken: [true, true], share: deep }, async (flow, _written, told) => {
    await eventually(() => waitsOf(flow, "a").length > 0 && waitsOf(flow, "b").length > 0, "both triggered");
    assertEquals(waitsOf(flow, "in").toSorted(), ["sink:a", "sink:b"]);
    assertEquals(told.toSorted(), ["triggered a", "triggered b"]);
  }));

Deno.test("when every sink behind a round robin is left alone, the source waits", () =>
  besideBroken({ isBroken: [true, true] }, async (flow, _written, told) => {
    await eventually(() => waitsOf(flow, "a").length > 0 && waitsOf(flow, "b").length > 0, "both triggered");
    assertEquals(waitsOf(flow, "in").toSorted(), ["sink:a", "sink:b"]);
    assertEquals(told.toSorted(), ["triggered a", "triggered b"]);
  }));
