import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";

const root = fromFileUrl(new URL("../../", import.meta.url));

/** Runs the demo as its task does, with its own permission set. */
async function demo(args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--permission-set=demo", "scripts/demo.ts", ...args],
    cwd: root,
    env: { INIT_CWD: root, NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function lines(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(root, path));
  assert(text === "" || text.endsWith("\n"), `${path} ends in the middle of a line`);
  return text.split("\n").slice(0, -1);
}

Deno.test("the demo's numbers can be counted again from its files", async () => {
  const { code, stdout, stderr } = await demo(["--input", "demo/sample/access.log"]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "CAISSON_PERMISSION_DENIED");

  const summary = JSON.parse(await Deno.readTextFile(join(root, "demo/output/summary.json")));
  assertEquals(Object.keys(summary), ["inputs", "in", "out", "dropped", "failed", "eventsPerSecond"]);
  const access = await lines("demo/sample/access.log");
  assertEquals(summary.inputs["demo/sample/access.log"], access.length);
  for (const [path, count] of Object.entries({ ...summary.inputs, ...summary.out })) {
    assertEquals((await lines(path)).length, count, path);
  }

  // An oracle of its own: what awk would do.
  const interesting = access.map((line) => /" (\d{3}) (?:\d+|-) ".* ([\d.]+)$/.exec(line)!)
    .filter(([, status, seconds]) => Number(status) >= 400 || Number(seconds) >= 0.5);
  const requests = (await lines("demo/output/requests.ndjson")).map((line) => JSON.parse(line));
  assertEquals(requests.map(({ status }) => status), interesting.map(([, status]) => Number(status)));
  const alerts = (await lines("demo/output/alerts.ndjson")).map((line) => JSON.parse(line));
  assertEquals(alerts, requests.filter(({ status }) => status >= 500));
  using database = new DatabaseSync(join(root, "demo/output/demo.sqlite"), { readOnly: true });
  assertEquals(database.prepare("select count(*) as n from requests").get()!["n"], requests.length);
  const counts = (await lines("demo/output/counts.ndjson")).map((line) => JSON.parse(line).count as number);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), access.length);
});

Deno.test("the demo takes a log from anywhere, named from the folder it was started in", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const log = join(folder, "own.log");
    const sample = (await lines("demo/sample/access.log")).slice(0, 50);
    // As nginx writes it by default, too: without the time of the request.
    sample[0] = sample[0]!.replace(/ [\d.]+$/, "");
    await Deno.writeTextFile(log, `${sample.join("\n")}\nno line of nginx\n`);
    const { code, stderr } = await demo(["--input", "own.log"], { INIT_CWD: folder });
    assertEquals(code, 0, stderr);
    const summary = JSON.parse(await Deno.readTextFile(join(root, "demo/output/summary.json")));
    assertEquals(summary.inputs[log], 51);
    assertEquals(summary.out["demo/output/unreadable.ndjson"], 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the demo takes JSON events in place of its own, too", async () => {
  const { code, stderr } = await demo(["--input", "demo/sample/events.ndjson"]);
  assertEquals(code, 0, stderr);
  const summary = JSON.parse(await Deno.readTextFile(join(root, "demo/output/summary.json")));
  const events = await lines("demo/sample/events.ndjson");
  assertEquals(Object.values(summary.inputs), [200_000, events.length]);
  const errors = events.filter((line) => JSON.parse(line).level === "error");
  assertEquals(summary.out["demo/output/errors.ndjson"], errors.length);
});

for (
  const [what, args, found] of [
    ["a log that is not there", ["--input", "none.log"], "no file none.log"],
    ["a log it would replace", ["--input", "demo/output/input/access.log"], "which the demo replaces"],
    ["an option it does not know", ["--inptu", "x"], "--inptu"],
  ] as const
) {
  Deno.test(`the demo refuses ${what} before it does anything`, async () => {
    const { code, stderr } = await demo(args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, found);
    assertStringIncludes(stderr, "CAISSON_USAGE");
  });
}

Deno.test("without a C compiler the demo says within a second what to install", async () => {
  const empty = await Deno.makeTempDir();
  try {
    const start = performance.now();
    const { code, stderr } = await demo([], { PATH: empty, CC: "" });
    assertLess(performance.now() - start, 3000, "took longer than starting Deno and a second on a busy machine");
    assertEquals(code, 1);
    assertStringIncludes(stderr, "CAISSON_COMPILER_MISSING");
    assertStringIncludes(stderr, "apt-get install gcc");
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
});
