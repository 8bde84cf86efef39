import { assert, assertEquals, assertGreater, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { failedLines, testEvents } from "../../scripts/recording/run_events.ts";
import { replay, type ReplayOptions } from "../../scripts/replay_sample.ts";

const SAMPLES = fromFileUrl(new URL("../../demo/sample/", import.meta.url));
const ACCESS = /^\S+ \S+ \S+ \[[^\]]+\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" [\d.]+$/;

/** Replays into a temporary file and returns what it holds. */
async function replayed(options: Omit<ReplayOptions, "target">): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const target = join(folder, "target");
    assertEquals(await replay({ ...options, target }), options.lines);
    const text = await Deno.readTextFile(target);
    assert(text.endsWith("\n"));
    return text.slice(0, -1).split("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const access = { sample: join(SAMPLES, "access.log"), format: "access" } as const;
const events = { sample: join(SAMPLES, "events.ndjson"), format: "events" } as const;

Deno.test("the recorded samples hold what the demo looks for", async () => {
  const requests = (await Deno.readTextFile(access.sample)).trimEnd().split("\n");
  assertGreater(requests.length, 3_000);
  for (const line of requests) assertMatch(line, ACCESS);
  const slow = requests.filter((line) => Number(line.split(" ").at(-1)) >= 0.5);
  assertGreater(slow.length, 100);
  for (const status of ["403", "404", "500", "502", "504"]) {
    assert(requests.some((line) => line.includes(`" ${status} `)), status);
  }
  const levels = (await Deno.readTextFile(events.sample)).trimEnd().split("\n")
    .map((line) => (JSON.parse(line) as { level: string }).level);
  for (const level of ["info", "warning", "error"]) assert(levels.includes(level), level);
});

Deno.test("replays an access log with later times and other clients", async () => {
  const lines = await replayed({ ...access, lines: 20_000 });
  assertEquals(lines.length, 20_000);
  for (const line of lines) assertMatch(line, ACCESS);
  const seconds = lines.map((line) => {
    const [, day, time] = /\[(\d+)\/Nov\/2026:(\d\d:\d\d:\d\d) /.exec(line)!;
    return Date.parse(`2026-11-${day}T${time}Z`);
  });
  assertEquals(seconds, seconds.toSorted((a, b) => a - b));
  // 20,000 lines at 500 a second.
  assertGreater(seconds.at(-1)! - seconds[0]!, 35_000);
  assertGreater(new Set(lines.map((line) => line.split(" ")[0])).size, 5_000);
});

Deno.test("replays events with later times and ids of their own", async () => {
  const lines = (await replayed({ ...events, lines: 20_000 }))
    .map((line) => JSON.parse(line) as { ts: string; id: string; host: string; level: string; msg: string });
  const times = lines.map(({ ts }) => ts);
  assertEquals(times, times.toSorted());
  assertGreater(new Set(lines.map(({ id }) => id)).size, 19_990);
  assertGreater(new Set(lines.map(({ host }) => host)).size, 10);
  assert(lines.every(({ level, msg }) => level !== "" && msg !== ""));
});

Deno.test("the same seed gives the same lines, another one others", async () => {
  const first = await replayed({ ...access, lines: 1_000, seed: 7 });
  assertEquals(await replayed({ ...access, lines: 1_000, seed: 7 }), first);
  const other = await replayed({ ...access, lines: 1_000, seed: 8 });
  assertEquals(other.filter((line, index) => line === first[index]).length < 10, true);
});

Deno.test("refuses a sample of another format", async () => {
  await assertRejects(() => replayed({ ...events, format: "access", lines: 1 }), TypeError, "Not a line");
});

Deno.test("makes events of a test report", () => {
  const report = `<testsuites><testsuite>
    <testcase name="a &amp; b" classname="./tests/data/a_test.ts" time="0.010" line="3" col="6">
    </testcase>
    <testcase name="slow" classname="./tests/data/a_test.ts" time="0.300" line="4" col="6">
    </testcase>
    <testcase name="left out" classname="./tests/flow/b_test.ts" time="0.000" line="5" col="6">
      <skipped/>
    </testcase>
    <testcase name="bad" classname="./tests/flow/b_test.ts" time="0.001" line="6" col="6">
      <failure message="Uncaught Error: no &quot;/repo/x&quot;&#10;at">trace</failure>
    </testcase>
  </testsuite></testsuites>`;
  assertEquals(
    testEvents(report, 1_000, "/repo/").map(({ ts, level, service, msg, line }) => [ts, level, service, msg, line]),
    [
      [1_000, "info", "tests/data", "passed: a & b", 3],
      [1_010, "warning", "tests/data", "passed slowly: slow", 4],
      [1_310, "warning", "tests/flow", "skipped: left out", 5],
      [1_310, "error", "tests/flow", 'failed: bad: Uncaught Error: no "x"', 6],
    ],
  );
});

Deno.test("makes events of what a failed check printed", () => {
  const output = "Check a.ts\n\u001b[31merror\u001b[0m: /repo/runtime/a.ts:7: wrong\nnote: b.ts: long\n";
  assertEquals(
    failedLines(output, 5, "boundaries", "/repo/").map(({ level, msg, file, line }) => [level, msg, file, line]),
    [
      ["error", "error: runtime/a.ts:7: wrong", "runtime/a.ts", 7],
      ["warning", "note: b.ts: long", undefined, undefined],
    ],
  );
});
