/** What a window says of itself: start, end, count, name. */
import { assertEquals } from "@std/assert";
import type { WindowDefinition } from "../../mod.ts";
import { runPipeline } from "./run_pipeline.ts";

const facts = { name: ["window", "name"], start: ["window", "start"], end: ["window", "end"], n: ["window", "count"] };
const last = ["==", ["field", "n"], 3] as const;

// Five events that came in at 10, 20, 35, 50 and 100 milliseconds.
const times = [10, 20, 35, 50, 100];
const values = times.map((_, index) => ({ n: index + 1 }));

const cases: readonly (readonly [string, WindowDefinition | readonly WindowDefinition[], readonly unknown[][]])[] = [
  ["tumbling by size", { tumbling: { name: "two", size: 2 } }, [["two", 10, 20, 2], ["two", 35, 50, 2], [
    "two",
    100,
    100,
    1,
  ]]],
  ["by state, with its end", { state: { emit: last } }, [["window 1", 10, 35, 3], ["window 1", 50, 100, 2]]],
  ["by state, before its end", { state: { emit: last, include: false } }, [["window 1", 10, 20, 2], [
    "window 1",
    35,
    100,
    3,
  ]]],
  ["tumbling by interval", { tumbling: { intervalMs: 30 } }, [["window 1", 10, 35, 3], ["window 1", 50, 50, 1], [
    "window 1",
    100,
    100,
    1,
  ]]],
  ["sliding by size", { sliding: { size: 4, every: 2 } }, [["window 1", 10, 50, 4], ["window 1", 35, 100, 3]]],
  ["tilt frames", [{ tumbling: { size: 2 } }, { tumbling: { name: "coarse", size: 2 } }], [
    ["window 1", 10, 20, 2],
    ["window 1", 35, 50, 2],
    ["coarse", 10, 50, 4],
    ["window 1", 100, 100, 1],
    ["coarse", 100, 100, 1],
  ]],
];

for (const [name, window, expected] of cases) {
  for (const grouped of [false, true]) {
    Deno.test(`a window ${name} says when its first and last event came in${grouped ? ", in a group" : ""}`, async () => {
      const groupBy = grouped ? { groupBy: ["literal", "one"] } : {};
      const run = await runPipeline([{ select: { ...groupBy, window, target: facts } }], values, { times });
      assertEquals(run.out, expected.map(([name, start, end, n]) => ({ name, start, end, n })));
    });
  }
}
