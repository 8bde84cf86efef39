import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseLcov, percent, unloaded } from "../../scripts/testing/coverage.ts";
import { denoTest } from "../../scripts/testing/deno_test.ts";
import { addCounts, countLine, failureReport, testCounts } from "../../scripts/testing/summary.ts";

Deno.test("reads the counts of a run, colours and steps included", () => {
  const output = "running 3 tests\n\n\u001b[32mok\u001b[0m | 12 passed (4 steps) | 0 failed | 2 ignored (19ms)\n";
  assertEquals(testCounts(output, 0), { passed: 12, failed: 0, ignored: 2 });
});

Deno.test("takes the last summary: tests print summaries too", () => {
  const output = "ok | 1 passed | 0 failed (1ms)\nFAILED | 7 passed | 2 failed (1 step) (2ms)\n";
  assertEquals(testCounts(output, 1), { passed: 7, failed: 2, ignored: 0 });
});

Deno.test("a run that ends badly never reads as a pass", () => {
  assertEquals(testCounts("", 1).failed, 1);
  assertEquals(testCounts("", 0).failed, 1);
  assertEquals(testCounts("ok | 3 passed | 0 failed (1ms)\n", 1).failed, 1);
});

Deno.test("counts of several runs add up to one line", () => {
  const left = { passed: 1, failed: 2, ignored: 3 };
  assertEquals(countLine(addCounts(left, left)), "2 passed, 4 failed");
});

Deno.test("reads line coverage, leaving out files that are elsewhere", () => {
  const lcov = [
    "SF:/repo/runtime/a.ts\nDA:1,4\nDA:2,0\nDA:3,1\nLH:2\nLF:3\nend_of_record",
    "SF:/elsewhere/b.ts\nDA:1,0\nend_of_record",
    "",
  ].join("\n");
  const files = parseLcov(lcov, "/repo");
  assertEquals(files, [{ path: "runtime/a.ts", lines: 3, hit: 2 }]);
  assertEquals(Math.round(percent(files)), 67);
  assertEquals(percent([]), 100);
});

Deno.test("a file no test loads counts in full, one with types only not at all", () => {
  assertEquals(unloaded("a.ts", "// comment\nconst a = 1;\n\nfunction b() {\n  return a;\n}\n").lines, 4);
  assertEquals(unloaded("b.ts", "export interface A {\n  readonly a: string;\n}\n").lines, 0);
});

Deno.test("a brief run names the tests that failed, first, with their errors, and shows no test's own output", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      join(root, "sample_test.ts"),
      `Deno.test("stands", () => {});
Deno.test("falls", () => { throw new TypeError("this is why"); });`,
    );
    const bad = await denoTest({ root, args: ["sample_test.ts"], brief: true });
    assertEquals(bad.counts, { passed: 1, failed: 1, ignored: 0 });
    const [heading, , name] = bad.failures.split("\n");
    assertEquals([heading, name], ["FAILURES", "falls => ./sample_test.ts:2:6"]);
    assert(bad.failures.includes("TypeError: this is why"));
    const good = await denoTest({ root, args: ["--filter=stands", "sample_test.ts"], brief: true });
    assertEquals(good, { counts: { passed: 1, failed: 0, ignored: 0 }, failures: "" });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a run that was ended is told by its last lines", () => {
  const report = failureReport("first ... ok\nsecond ...", "killed\n");
  assertEquals(report, "first ... ok\nsecond ...\nkilled\n");
  assertEquals(failureReport("line\n".repeat(10_000), "").split("\n").length, 201);
});
