// deno-lint-ignore-file no-console -- the terminal is where it reports
// Records demo/sample/events.ndjson: runs this project's tests, checks and native
// builds, and writes what happened as application events, one JSON object a line.
//
//   deno task offline deno run -A scripts/record_events.ts
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPlugin } from "../ffi/build.ts";
import { runGate } from "./gates/gate.ts";
import { gates } from "./gates/gates.ts";
import { failedLines, type RunEvent, testEvents } from "./recording/run_events.ts";
import { TEST_PERMISSIONS } from "./testing/deno_test.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TARGET = join(ROOT, "demo/sample/events.ndjson");

/** Compiles every plugin in C anew, into a cache of its own. */
async function builds(): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (const name of ["blackhole", "blaster", "transform"]) {
    for (const sanitize of [undefined, "address", "undefined"] as const) {
      const start = Date.now();
      const folder = join(ROOT, "plugins", name);
      const { cached } = await buildPlugin({ folder, ...(sanitize !== undefined && { sanitize }) });
      events.push({
        ts: start,
        level: "info",
        service: "build",
        msg: `${cached ? "up to date" : "compiled"}: ${name}${sanitize === undefined ? "" : ` (${sanitize})`}`,
        durationMs: Date.now() - start,
        file: `plugins/${name}/plugin.json`,
      });
    }
  }
  return events;
}

/** Runs the gates; each is an event, and so is every line of one that failed. */
async function checks(): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (const gate of await gates(ROOT)) {
    const ts = Date.now();
    const { name, passed, seconds, output, errors } = await runGate(gate, ROOT);
    events.push({
      ts,
      level: passed ? "info" : "error",
      service: "ok",
      msg: `${passed ? "passed" : "failed"}: ${name}`,
      durationMs: Math.round(seconds * 1_000),
    });
    if (!passed) events.push(...failedLines(`${output}${errors}`, ts, name, ROOT));
  }
  return events;
}

async function tests(): Promise<RunEvent[]> {
  // A test that hangs would keep the report from being written.
  const signal = AbortSignal.timeout(300_000);
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const start = Date.now();
    await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-lock", "--no-check", "--parallel", ...TEST_PERMISSIONS, `--junit-path=${report}`, "tests"],
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal,
    }).output();
    return testEvents(await Deno.readTextFile(report), start, ROOT);
  } finally {
    await Deno.remove(report);
  }
}

if (import.meta.main) {
  const events = [...await builds(), ...await checks(), ...await tests()].sort((a, b) => a.ts - b.ts);
  const lines = events.map(({ ts, ...rest }, index) =>
    JSON.stringify({
      ts: new Date(ts).toISOString(),
      id: index.toString(16).padStart(8, "0"),
      host: "builder-0",
      ...rest,
    })
  );
  await Deno.writeTextFile(TARGET, `${lines.join("\n")}\n`);
  console.log(`${lines.length} events`);
}
