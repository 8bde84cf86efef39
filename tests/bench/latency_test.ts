import { assertEquals, assertThrows } from "@std/assert";
import { type Latency, latencyRatio, summarize } from "../../bench/pipeline/latency.ts";

const run = (values: Partial<Latency>): Latency => ({
  p50: 1,
  p99: 2,
  p99OfAll: 3,
  p999OfAll: 4,
  senderLate: 5,
  pinned: true,
  received: 10,
  expected: 10,
  ...values,
});

Deno.test("of several runs the medians are said, and the worst of what should not be", () => {
  const runs = [run({ p50: 3, senderLate: 900 }), run({ p50: 1, received: 8, pinned: false }), run({ p50: 2, p99: 9 })];
  assertEquals(summarize(runs), run({ p50: 2, senderLate: 900, pinned: false, received: 28, expected: 30 }));
  assertThrows(() => summarize([]), RangeError);
});

Deno.test("a ratio is that of runs of one round, and none where an event was lost", () => {
  const above = [run({ p99: 4 }), run({ p99: 30 }), run({ p99: 10 })];
  const below = [run({ p99: 2 }), run({ p99: 10 }), run({ p99: 20 })];
  assertEquals(latencyRatio("p99", above, below), 2);
  assertEquals(latencyRatio("p99", [run({ received: 9 }), ...above], [run({}), ...below]), "none: 1 events lost");
  assertEquals(latencyRatio("p50", above, [run({ received: 7 }), ...below]), "none: 3 events lost");
});
