import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { LatencyHistogram } from "../../runtime/telemetry/histogram.ts";

Deno.test("a histogram reports percentiles of batches to three digits", () => {
  const latency = new LatencyHistogram();
  latency.record(1, 500);
  latency.record(10, 489);
  latency.record(100, 10);
  latency.record(1000, 1);
  const { count, mean, p50, p99, p999, max } = latency.report();
  assertEquals(count, 1000);
  assertAlmostEquals(mean, (500 + 4890 + 1000 + 1000) / 1000, 0.01);
  assertEquals(p50, 1);
  assertAlmostEquals(p99, 100, 0.1);
  assertAlmostEquals(p999, 100, 0.1);
  assertAlmostEquals(max, 1000, 1);
});

Deno.test("a histogram tells microseconds apart", () => {
  const latency = new LatencyHistogram();
  latency.record(0.003);
  latency.record(0.005);
  assertEquals(latency.report().p50, 0.003);
  assertEquals(latency.report().max, 0.005);
});

Deno.test("a histogram reports zeros before anything was recorded and after a reset", () => {
  const latency = new LatencyHistogram();
  const nothing = { count: 0, mean: 0, p50: 0, p99: 0, p999: 0, max: 0 };
  assertEquals(latency.report(), nothing);
  latency.record(5, 3);
  latency.reset();
  assertEquals(latency.report(), nothing);
});

Deno.test("a histogram bears clocks that were set back, hours, and counts of nothing", () => {
  const latency = new LatencyHistogram();
  latency.record(-5, 1);
  latency.record(NaN, 1);
  latency.record(1, 0);
  assertEquals(latency.report().count, 1);
  assertEquals(latency.report().max, 0);
  latency.record(1e12, 1);
  assertAlmostEquals(latency.report().max, 3_600_000, 3_600_000 / 500);
});

Deno.test("a histogram counts beyond 32 bits and takes over another one", () => {
  const one = new LatencyHistogram();
  const other = new LatencyHistogram();
  one.record(1, 3_000_000_000);
  other.record(2, 3_000_000_000);
  one.add(new LatencyHistogram());
  one.add(other);
  const { count, p50, p99 } = one.report();
  assertEquals(count, 6_000_000_000);
  assert(p50 < 1.01 && p99 > 1.99, `${p50} ${p99}`);
});

Deno.test("mean and largest are exact, of merged ones too, and no percentile is above the largest", () => {
  const one = new LatencyHistogram();
  const other = new LatencyHistogram();
  one.record(5.001, 3);
  other.record(8.001);
  one.add(other);
  const { mean, p50, p99, p999, max } = one.report();
  assertEquals([mean, p99, p999, max], [5.751, 8.001, 8.001, 8.001]);
  assertAlmostEquals(p50, 5.001, 0.005);
  one.reset();
  one.record(0.002);
  assertEquals(one.report(), { count: 1, mean: 0.002, p50: 0.002, p99: 0.002, p999: 0.002, max: 0.002 });
});
