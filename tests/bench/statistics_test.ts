import { assertEquals } from "@std/assert";
import { median, medianRatio, percentile, significant } from "../../bench/statistics.ts";

Deno.test("the median is the middle, or the mean of the two in the middle", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([9, 1, 5, 2]), 3.5);
  assertEquals(median([]), NaN);
});

Deno.test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n);
  assertEquals(percentile(values, 0.5), 50);
  assertEquals(percentile(values, 0.99), 99);
  assertEquals(percentile(values, 1), 100);
  assertEquals(percentile([7], 0), 7);
});

Deno.test("ratios are taken within a round, so a slow round changes nothing", () => {
  assertEquals(medianRatio([90, 9, 90], [100, 10, 100]), 0.9);
  assertEquals(medianRatio([90, 9], [100]), 0.9);
});

Deno.test("numbers keep their significant digits", () => {
  assertEquals(significant(123456.7, 3), 123000);
  assertEquals(significant(0.00123456, 3), 0.00123);
  assertEquals(significant(NaN), NaN);
});
