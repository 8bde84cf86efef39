/** When the result of a window by event time came into the system. */
import { assert, assertEquals } from "@std/assert";
import { fromAsyncIterable, type PipelineDefinition, Runtime, toAsyncIterable } from "../../mod.ts";
import { Bench } from "./run_pipeline.ts";

const byEventTime = (window: Record<string, unknown>): PipelineDefinition[number & keyof PipelineDefinition] => ({
  select: { window, target: { end: ["window", "end"], n: ["count"] } },
} as never);

const windows: Readonly<Record<string, Record<string, unknown>>> = {
  tumbling: { tumbling: { intervalMs: 1000, time: ["field", "at"] } },
  sliding: { sliding: { intervalMs: 1000, everyMs: 1000, time: ["field", "at"] } },
  session: { session: { gapMs: 1000, time: ["field", "at"] } },
};

for (const [kind, window] of Object.entries(windows)) {
  Deno.test(`the latency of a ${kind} window's result counts from when its last event came in, not from event time`, async () => {
    const hour = 3_600_000;
    for (const shift of [-hour, hour]) {
      await using runtime = new Runtime();
      const results = toAsyncIterable<{ n: number }>();
      const now = Date.now();
      runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
      runtime.provide({
        type: "events",
        kind: "source",
        create: () => fromAsyncIterable([0, 1, 5000, 5001].map((at) => ({ at: now + shift + at }))),
      });
      const flow = await runtime.deploy({
        name: "late",
        connectors: { in: { type: "events" }, out: { type: "results" } },
        pipelines: { main: [byEventTime(window)] as PipelineDefinition },
        links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
      });
      const values = await Array.fromAsync(results);
      await flow.done;
      assertEquals(values.reduce((sum, { n }) => sum + n, 0), 4);
      const { max, p50 } = flow.report().latencyMs;
      assert(p50 >= 0 && max < hour / 2, `${p50} to ${max} ms`);
    }
  });
}

Deno.test("a window by the time events came in, behind one by event time, goes by when those came in", async () => {
  const clock = { now: 50_000 };
  const bench = new Bench([
    byEventTime(windows["tumbling"]!),
    { select: { window: { session: { gapMs: 10 } }, target: { sum: ["sum", ["field", "n"]] } } },
  ] as PipelineDefinition, { clock });
  // Events of 1970 that come in now, one a millisecond.
  await bench.feed([0, 1, 1500, 1600, 3000, 4500].map((at, index) => ({ at: 50_000 + index, value: { at } })));
  await bench.run.pipeline.drain();
  bench.run.pipeline.close();
  assertEquals(bench.run.out, [{ sum: 6 }]);
  assertEquals(bench.run.errors, []);
});
