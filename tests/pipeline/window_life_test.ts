/** What windows do beside their rules: timers, limits, late events, verdicts, snapshots. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { Bench, runPipeline } from "./run_pipeline.ts";

const event = ["field", []] as const;

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds() && Date.now() < deadline) await new Promise((done) => setTimeout(done, 1));
  assert(holds(), "it did not happen within 20 seconds");
}

const realClock = {
  get now(): number {
    return Date.now();
  },
};

for (
  const [name, window] of [
    ["an interval", { tumbling: { intervalMs: 20 } }],
    ["a session", { session: { gapMs: 20 } }],
    ["a sliding window", { sliding: { intervalMs: 20, everyMs: 20 } }],
  ] as const
) {
  Deno.test(`${name} ends though no event comes`, async () => {
    const bench = new Bench([{ select: { window, target: ["count"] } }], { clock: realClock });
    await bench.feed([{ at: Date.now(), value: 1 }]);
    await until(() => bench.run.out.length > 0);
    assertEquals(bench.run.out, [1]);
    assertEquals(bench.run.verdicts.get(0), "delivered");
    bench.run.pipeline.close();
  });
}

Deno.test("event time ends without events when the source is idle for too long", async () => {
  const window = { tumbling: { intervalMs: 1000, time: ["field", "t"], idleMs: 20 } } as const;
  const bench = new Bench([{ select: { window, target: ["count"] } }], { clock: realClock });
  await bench.feed([{ at: Date.now(), value: { t: 5 } }]);
  await until(() => bench.run.out.length > 0);
  assertEquals(bench.run.out, [1]);
  bench.run.pipeline.close();
});

Deno.test("coarser frames of event time end with the finer ones when the source is idle for too long", async () => {
  const window = [
    { tumbling: { intervalMs: 1000, time: ["field", "t"], latenessMs: 500, idleMs: 20 } },
    { tumbling: { intervalMs: 60_000 } },
  ] as const;
  const bench = new Bench([{ select: { window, target: ["window", "end"] } }], { clock: realClock });
  await bench.feed([{ at: Date.now(), value: { t: 5 } }]);
  await until(() => bench.run.out.length > 1);
  assertEquals(bench.run.out, [1000, 60_000]);
  assertEquals(bench.run.verdicts.get(0), "delivered");
  bench.run.pipeline.close();
});

Deno.test("events in a window get their verdict with its result, each one, also through tilt frames", async () => {
  const bench = new Bench([{
    select: { window: [{ tumbling: { size: 2 } }, { tumbling: { size: 2 } }], target: ["count"] },
  }]);
  const feed = (value: unknown) => bench.feed([{ at: 0, value }]);
  await feed(0);
  await feed(1);
  assertEquals(bench.run.out, [2]);
  assertEquals(bench.run.verdicts.size, 0, "the coarser frame still holds both");
  await feed(2);
  await feed(3);
  assertEquals(bench.run.out, [2, 2, 4]);
  assertEquals([...bench.run.verdicts.values()], new Array(4).fill("delivered"));
});

Deno.test("a window whose result a later step throws on fails all its events", async () => {
  const run = await runPipeline([
    { select: { window: { tumbling: { size: 2 } }, target: { s: ["sum", event] } } },
    {
      project: ({ value }) => {
        if ((value as { s: number }).s === 3) throw new TypeError("three");
        return value;
      },
    },
  ], [1, 2, 5, 6]);
  assertEquals(run.out, [{ s: 11 }]);
  assertEquals([...run.verdicts].sort(), [[0, "failed"], [1, "failed"], [2, "delivered"], [3, "delivered"]]);
});

Deno.test("having lets a result go, and its events count as delivered", async () => {
  const run = await runPipeline([{
    select: { window: { tumbling: { size: 2 } }, target: { n: ["count"] }, having: [">", ["field", "n"], 5] },
  }], [1, 2, 3]);
  assertEquals(run.out, []);
  assertEquals([...run.verdicts.values()], new Array(3).fill("delivered"));
});

Deno.test("late events go to the port late, or are dropped and told about", async () => {
  const definition: PipelineDefinition = [{
    select: { window: { tumbling: { intervalMs: 10, time: event } }, target: ["collect", event] },
  }];
  const linked = await runPipeline(definition, [5, 25, 6, 26], { linked: ["late"] });
  assertEquals(linked.out, [[5], [25, 26]]);
  assertEquals(linked.ports["late"], [6]);
  const dropped = await runPipeline(definition, [5, 25, 6, 26]);
  assertEquals(dropped.out, [[5], [25, 26]]);
  assertEquals(dropped.errors.map(({ code }) => code), ["CAISSON_OPERATOR_LIMIT"]);
  assertEquals([...dropped.verdicts.values()], new Array(4).fill("delivered"));
});

Deno.test("an event without a time fails, and no other", async () => {
  const run = await runPipeline([{
    select: { window: { tumbling: { intervalMs: 10, time: ["field", "t"] } }, target: ["count"] },
  }], [{ t: 1 }, {}, { t: "never" }, { t: 2 }]);
  assertEquals(run.out, [2]);
  assertEquals([...run.verdicts].sort(), [[0, "delivered"], [1, "failed"], [2, "failed"], [3, "delivered"]]);
});

Deno.test("a million groups stay within maxGroups, and what was dropped is told", async () => {
  const bench = new Bench([{
    select: { groupBy: ["field", "id"], window: { tumbling: { size: 10 } }, target: ["count"], atEnd: "drop" },
  }]);
  const many = 1_000_000;
  for (let from = 0; from < many; from += 10_000) {
    await bench.feed(Array.from({ length: 10_000 }, (_, index) => ({ at: 0, value: { id: from + index } })));
  }
  const [held] = Object.values(bench.run.pipeline.snapshot()) as [unknown[]];
  assertEquals(held.length, 10_000, "what is held, and with it the memory");
  await bench.run.pipeline.drain();
  assertEquals(bench.run.verdicts.size, many);
  const told = bench.run.errors.map(({ found }) => found);
  assertEquals(told.length, 7);
  assertStringIncludes(told.at(-1)!, "990000 events dropped");
  assertEquals(bench.run.errors[0]!.allowed, "at most 10000 groups");
});

Deno.test("groups beyond the limit go to overflow, or push the oldest out early", async () => {
  const select = { groupBy: event, target: { g: ["group", 0], n: ["count"] } };
  const keys = ["a", "b", "a", "c", "c"];
  const dropped = await runPipeline(
    [{ select: { ...select, window: { tumbling: { size: 9, maxGroups: 2 } } } }],
    keys,
    {
      linked: ["overflow"],
    },
  );
  assertEquals(dropped.out, [{ g: "a", n: 2 }, { g: "b", n: 1 }]);
  assertEquals(dropped.ports["overflow"], ["c", "c"]);
  const window = { tumbling: { size: 9, maxGroups: 2, onOverflow: "evict" } } as const;
  const evicted = await runPipeline([{ select: { ...select, window } }], keys);
  assertEquals(evicted.out, [{ g: "a", n: 2 }, { g: "b", n: 1 }, { g: "c", n: 2 }]);
  assertEquals([...evicted.verdicts.values()], new Array(5).fill("delivered"));
});

const stateful: Readonly<Record<string, PipelineDefinition>> = {
  tumbling: [{
    select: {
      groupBy: ["%", event, 3],
      window: { tumbling: { size: 4 } },
      target: { g: ["group", 0], s: ["sum", event], d: ["hdr", event] },
    },
  }],
  tilted: [{ select: { window: [{ tumbling: { size: 2 } }, { tumbling: { size: 3 } }], target: ["collect", event] } }],
  interval: [{ select: { window: { tumbling: { intervalMs: 7 } }, target: ["collect", event] } }],
  "sliding by size": [{ select: { window: { sliding: { size: 4, every: 2 } }, target: ["collect", event] } }],
  "sliding by time": [{
    select: {
      window: { sliding: { intervalMs: 6, everyMs: 3, time: event } },
      target: { s: ["window", "start"], v: ["var", event] },
    },
  }],
  "tilted by event time": [{
    select: {
      groupBy: ["%", event, 2],
      window: [{ tumbling: { intervalMs: 3, time: event, latenessMs: 2 } }, { tumbling: { intervalMs: 9 } }],
      target: { n: ["window", "name"], s: ["window", "start"], v: ["collect", event] },
    },
  }],
  session: [{
    select: { groupBy: ["%", event, 2], window: { session: { gapMs: 3, time: event } }, target: ["unique", event] },
  }],
  state: [{ state: { initial: 0, update: ["+", ["state"], event], target: ["state"] } }],
  dedupe: [{ dedupe: { key: ["%", event, 7], withinMs: 9 } }],
  bucket: [{ bucket: { class: "c", rate: 3, timeRangeMs: 5 } }],
  batch: [{ batch: { count: 4 } }],
  sample: [{ sample: { keep: 0.3 } }],
  "count by an index": [{ count: { by: { g: ["%", event, 3] } } }],
  "count by two keys": [{ count: { by: { g: ["%", event, 3], h: ["==", event, 7] } } }],
  "count by a record": [{ count: { by: { g: ["if", [">", event, 9], ["literal", ["a"]]] }, everyEvents: 6 } }],
  "count beyond its groups": [{ count: { by: { g: event }, maxGroups: 4, everyEvents: 8 } }],
};

for (const [name, definition] of Object.entries(stateful)) {
  Deno.test(`a snapshot at any event goes on as if nothing had happened: ${name}`, async () => {
    const values = Array.from({ length: 30 }, (_, index) => ({ at: index, value: (index * 7) % 31 }));
    const whole = new Bench(definition);
    await whole.feed(values);
    await whole.run.pipeline.drain();
    for (const cut of [1, 2, 7, 15, 29]) {
      const first = new Bench(definition);
      await first.feed(values.slice(0, cut));
      const state = structuredClone(first.run.pipeline.snapshot());
      first.run.pipeline.close();
      const second = new Bench(definition);
      second.run.pipeline.restore(state);
      await second.feed(values.slice(cut));
      await second.run.pipeline.drain();
      assertEquals([...first.run.out, ...second.run.out], whole.run.out, `cut at ${cut}`);
    }
  });
}
