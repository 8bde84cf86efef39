/** Steps that route, limit, enrich and remember. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Emit, type Operator, SqliteStore } from "../../mod.ts";
import { compileBackpressure, compilePercentile } from "../../runtime/pipeline/step/quality_steps.ts";
import { json } from "../../runtime/codec/json.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { Bench, runPipeline } from "./run_pipeline.ts";

const event = ["field", []] as const;

Deno.test("a bucket counts each class and dimension apart, and sends the rest to overflow", async () => {
  const run = await runPipeline(
    [{ bucket: { class: "c", rate: ["field", "rate"], dimensions: ["field", "d"] } }],
    [{ d: 1, rate: 2 }, { d: 1, rate: 2 }, { d: 1, rate: 2 }, { d: 2, rate: 2 }, { d: 2 }],
    { linked: ["overflow", "err"] },
  );
  assertEquals(run.out.length, 3);
  assertEquals(run.ports["overflow"], [{ d: 1, rate: 2 }]);
  assertEquals(run.ports["err"], [{ d: 2 }]);
});

Deno.test("a bucket forgets what is older than its time", async () => {
  const run = await runPipeline([{ bucket: { class: "c", rate: 1, timeRangeMs: 100, windows: 10 } }], [1, 2, 3, 4], {
    times: [1000, 1050, 1099, 1100],
  });
  assertEquals(run.out, [1, 4]);
});

Deno.test("a bucket forgets the dimension it has not seen for longest", async () => {
  const run = await runPipeline(
    [{ bucket: { class: "c", rate: 1, dimensions: event, cardinality: 2 } }],
    ["a", "b", "a", "c", "b", "a"],
  );
  // With c, b is the one not seen for longest; with b again, it is a.
  assertEquals(run.out, ["a", "b", "c", "b", "a"]);
});

Deno.test("a throttle lets the first of each key through", async () => {
  const run = await runPipeline([{ throttle: { limit: 1, perMs: 10, key: event } }], ["a", "a", "b", "a"], {
    times: [0, 5, 6, 11],
    linked: ["overflow"],
  });
  assertEquals(run.out, ["a", "b", "a"]);
  assertEquals(run.ports["overflow"], ["a"]);
});

Deno.test("a batch is sent when it is full, when its time is over and when the flow drains", async () => {
  const clock = { now: 1000 };
  const bench = new Bench([{ batch: { count: 3, timeoutMs: 10 } }], { clock });
  await bench.feed([1, 2, 3, 4].map((value) => ({ at: 1000, value })));
  assertEquals(bench.run.out, [[1, 2, 3]]);
  assertEquals(bench.run.verdicts.size, 0);
  await bench.feed([{ at: 1011, value: 5 }]);
  assertEquals(bench.run.out, [[1, 2, 3], [4]]);
  await bench.run.pipeline.drain();
  assertEquals(bench.run.out, [[1, 2, 3], [4], [5]]);
  assertEquals([...bench.run.verdicts.values()], new Array(5).fill("delivered"));
});

Deno.test("a batch whose time is over is sent though nothing comes", async () => {
  const bench = new Bench([{ batch: { count: 3, timeoutMs: 5 } }], {
    clock: {
      get now() {
        return Date.now();
      },
    },
  });
  await bench.feed([{ at: Date.now(), value: 1 }]);
  const deadline = Date.now() + 10_000;
  while (bench.run.out.length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 1));
  assertEquals(bench.run.out, [[1]]);
  assertEquals(bench.run.verdicts.get(0), "delivered");
  bench.run.pipeline.close();
});

Deno.test("dedupe passes the first of equal events, and forgets after a while", async () => {
  const run = await runPipeline([{ dedupe: { key: ["field", "id"], withinMs: 10 } }], [
    { id: 1 },
    { id: 2 },
    { id: 1 },
    {
      id: 1,
    },
  ], { times: [0, 1, 9, 10] });
  assertEquals(run.out, [{ id: 1 }, { id: 2 }, { id: 1 }]);
});

Deno.test("a sample passes exactly its share, or whole keys", async () => {
  const values = Array.from({ length: 100 }, (_, index) => index % 10);
  assertEquals((await runPipeline([{ sample: { keep: 0.1 } }], values)).out.length, 10);
  const few = await runPipeline([{ sample: { keep: 0.07 } }], values);
  assertEquals([few.out.length, few.pipeline.metrics.dropped], [7, 93]);
  const keyed = await runPipeline([{ sample: { keep: 0.5, key: event } }], values);
  const seen = new Set(keyed.out);
  assertEquals(keyed.out.length, seen.size * 10);
  assertEquals(seen.size > 0 && seen.size < 10, true);
});

Deno.test("round robin goes from port to port and skips those nobody takes", async () => {
  const run = await runPipeline([{ roundRobin: { ports: ["a", "b", "c"] } }], [1, 2, 3, 4], { linked: ["a", "c"] });
  assertEquals(run.ports, { out: [], a: [1, 3], c: [2, 4] });
});

Deno.test("a branch takes the first condition that holds", async () => {
  const run = await runPipeline([{ branch: { big: [">", event, 10], even: ["==", ["%", event, 2], 0] } }], [
    1,
    2,
    12,
    3,
  ], {
    linked: ["big"],
  });
  assertEquals(run.ports, { out: [1, 3], big: [12] });
  assertEquals(run.pipeline.metrics.dropped, 1);
  assertEquals([...run.verdicts.values()], new Array(4).fill("delivered"));
});

Deno.test("each gives an event for each item, in a field or by itself", async () => {
  const values = [{ id: 1, items: ["a", "b"] }, { id: 2 }];
  assertEquals((await runPipeline([{ each: { of: ["field", "items"] } }], values)).out, ["a", "b"]);
  assertEquals((await runPipeline([{ each: { of: ["field", "items"], as: "items" } }], values)).out, [
    { id: 1, items: "a" },
    { id: 1, items: "b" },
  ]);
});

Deno.test("enrich adds what a table knows, and says what becomes of the rest", async () => {
  const enrich = { key: ["field", "c"], table: { de: "Germany" }, as: "country" } as const;
  const values = [{ c: "de" }, { c: "xx" }, {}];
  assertEquals((await runPipeline([{ enrich }], values)).out, [{ c: "de", country: "Germany" }, { c: "xx" }, {}]);
  assertEquals((await runPipeline([{ enrich: { ...enrich, missing: "drop" } }], values)).out.length, 1);
  const failed = await runPipeline([{ enrich: { ...enrich, missing: "fail" } }], values);
  assertEquals([...failed.verdicts.values()], ["delivered", "failed", "failed"]);
  assertStringIncludes(failed.errors[0]!.found ?? "", '"xx"');
});

Deno.test("enrich looks into a SQLite file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/table.db`;
    {
      using store = new SqliteStore(path);
      store.set("7", { name: "seven" });
      store.set("8", 1);
      store.delete("8");
    }
    const run = await runPipeline([{ enrich: { key: ["field", "n"], store: path, as: "found" } }], [{ n: 7 }, {
      n: 8,
    }]);
    assertEquals(run.out, [{ n: 7, found: { name: "seven" } }, { n: 8 }]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("state is kept for each key, and the one not used for longest is forgotten", async () => {
  const state = {
    key: ["field", "k"],
    initial: 0,
    update: ["+", ["state"], ["field", "v"]],
    target: { k: ["field", "k"], total: ["state"] },
    maxKeys: 2,
  } as const;
  const run = await runPipeline([{ state }], [{ k: "a", v: 1 }, { k: "b", v: 5 }, { k: "a", v: 2 }, { k: "c", v: 1 }, {
    k: "b",
    v: 1,
  }]);
  assertEquals(run.out, [{ k: "a", total: 1 }, { k: "b", total: 5 }, { k: "a", total: 3 }, { k: "c", total: 1 }, {
    k: "b",
    total: 1,
  }]);
});

Deno.test("an event that says nothing about the state leaves it as it was; null is a state like any other", async () => {
  const total = { initial: 10, update: ["+", ["state"], ["field", "v"]], target: ["state"] } as const;
  assertEquals((await runPipeline([{ state: total }], [{}, { v: 1 }, { v: "x" }, {}, { v: 2 }])).out, [
    10,
    11,
    11,
    11,
    13,
  ]);
  const seen = { initial: "none", update: ["field", "v"], target: { before: ["state"] } } as const;
  assertEquals((await runPipeline([{ state: seen }], [{ v: null }, {}, { v: 1 }, {}])).out, [
    { before: null },
    { before: null },
    { before: 1 },
    { before: 1 },
  ]);
});

/** Emits into a list of settlements that the test ends as it likes. */
function watched(
  operator: Operator,
): { send(value: unknown): boolean; settle(failed?: boolean): void; overflowed: unknown[] } {
  const held: Event[] = [];
  const overflowed: unknown[] = [];
  operator.bind?.(() => (event) => overflowed.push(event.value) > 0, () => {});
  const emit: Emit = (event) => {
    event.settlement!.retain();
    return held.push(event) > 0;
  };
  return {
    overflowed,
    send: (value) => operator.step(new Event(undefined, 0, 0, json, new Settlement(() => {}), 0, value, true), emit),
    settle: (failed = false) => {
      for (const { settlement, origin } of held.splice(0)) {
        if (failed) settlement!.fail(origin, "refused");
        settlement!.release();
      }
    },
  };
}

Deno.test("backpressure discards while verdicts are bad or slow, longer each time, and recovers", () => {
  let now = 0;
  const bench = watched(compileBackpressure({ timeoutMs: 10, steps: [50, 100] }, () => now));
  bench.send(1);
  bench.settle(true);
  bench.send(2);
  assertEquals(bench.overflowed, [2]);
  now = 50;
  bench.send(3);
  now = 61;
  bench.settle();
  now = 160;
  bench.send(4);
  assertEquals(bench.overflowed, [2, 4]);
  now = 161;
  bench.send(5);
  now = 162;
  bench.settle();
  bench.send(6);
  assertEquals(bench.overflowed, [2, 4]);
});

Deno.test("backpressure by pause asks for no more until its wait is over", () => {
  let now = 0;
  const operator = compileBackpressure({ timeoutMs: 10, steps: [50], method: "pause" }, () => now);
  const bench = watched(operator);
  bench.send(1);
  now = 20;
  bench.settle();
  assertEquals(operator.pausedUntil!(), 70);
  assertEquals(bench.overflowed, []);
});

Deno.test("percentile passes fewer events after bad verdicts and more after good ones", async () => {
  const values = Array.from({ length: 1000 }, (_, index) => index);
  const times = values.map((index) => index * 0.0101);
  const operator = compilePercentile({ timeoutMs: 1000, stepDown: 0.5, stepUp: 0.5 }, () => 0);
  const bench = watched(operator);
  bench.send(0);
  bench.settle(true);
  const halved = await runPipeline([{ operator: () => ({ ...operator, step: operator.step }) }], values, {
    times,
    perDelivery: 1000,
  });
  assertEquals(halved.out.length > 450 && halved.out.length < 560, true, `${halved.out.length}`);
});

Deno.test("backpressure and percentile go on after a restart as they were before it", () => {
  const pressed = compileBackpressure({ timeoutMs: 1000, steps: [50, 100], method: "pause" }, () => 0);
  const before = watched(pressed);
  before.send(0);
  before.settle(true);
  assertEquals(pressed.pausedUntil!(), 50);
  const later = compileBackpressure({ timeoutMs: 1000, steps: [50, 100], method: "pause" }, () => 60);
  later.restore!(JSON.parse(JSON.stringify(pressed.snapshot!())));
  assertEquals(later.pausedUntil!(), 50);
  const after = watched(later);
  after.send(0);
  after.settle(true);
  // The second step of the ladder, because the first was taken before.
  assertEquals(later.pausedUntil!(), 160);

  // Fewer steps than there were: the last of them goes on.
  const shorter = compileBackpressure({ timeoutMs: 1000, steps: [20], method: "pause" }, () => 200);
  shorter.restore!(later.snapshot!());
  const shortened = watched(shorter);
  shortened.send(0);
  shortened.settle(true);
  assertEquals(shorter.pausedUntil!(), 220);

  const shared = compilePercentile({ timeoutMs: 1000, stepDown: 0.25 }, () => 0);
  const bench = watched(shared);
  bench.send(0);
  bench.settle(true);
  const restored = compilePercentile({ timeoutMs: 1000, stepDown: 0.25 }, () => 0);
  restored.restore!(JSON.parse(JSON.stringify(shared.snapshot!())));
  assertEquals(restored.snapshot!(), 0.75);
});

Deno.test("a step written wrongly throws for its event, and the event goes to err", async () => {
  const run = await runPipeline([{ set: { a: 1 } }], [{}, 5, null, [1]], { linked: ["err"] });
  assertEquals(run.out, [{ a: 1 }]);
  const failed = run.ports["err"] as { event: unknown; error: { found: string } }[];
  assertEquals(failed.map(({ event, error }) => [event, error.found]), [[5, "a number"], [null, "null"], [
    [1],
    "a list",
  ]]);
});

Deno.test("a literal in the target of a select step stays what it is, whatever it looks like", async () => {
  const run = await runPipeline(
    [{ select: { target: { a: ["literal", ["group", 0]], b: ["literal", ["window"]] } } }],
    [{ x: 1 }],
  );
  assertEquals(run.out, [{ a: ["group", 0], b: ["window"] }]);
});
