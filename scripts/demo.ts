/**
 * `deno task demo`: the main job on real input.
 *
 * Builds the C plugin, replays recorded log lines, runs `demo/flow.ts`, shows one permission refused on purpose, prints a
 * table and writes `demo/output/summary.json`.
 */
import { parseArgs } from "node:util";
import { join, relative, resolve } from "@std/path";
import { createFlow } from "../demo/flow.ts";
import { buildPlugin } from "../ffi/build.ts";
import { findCompiler } from "../ffi/compiler.ts";
import { CaissonError, type FlowReport, Runtime } from "../mod.ts";
import { countLines } from "./demo/count_lines.ts";
import { receiveAlerts } from "./demo/receive_alerts.ts";
import { printReport } from "./demo/print_report.ts";
import { replay } from "./replay_sample.ts";

const OUTPUT = "demo/output";
/** Not the user's own cache: the demo's permission set names this folder and nothing beside it. */
const CACHE = "demo/.caisson";
const LINES = 200_000;

async function main(): Promise<number> {
  const input = await givenInput();
  const say = (text: string): void => void Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

  await requireCompiler();
  say("building plugins/transform with the C compiler");
  await buildPlugin({ folder: "plugins/transform", cacheFolder: CACHE });

  await Deno.remove(OUTPUT, { recursive: true }).catch(() => {});
  await Deno.mkdir(join(OUTPUT, "input"), { recursive: true });
  const format = input === undefined ? undefined : await formatOf(input);
  const access = format === "access" ? input! : join(OUTPUT, "input", "access.log");
  const events = format === "events" ? input! : join(OUTPUT, "input", "events.ndjson");
  if (format !== "access") {
    say(`replaying demo/sample/access.log to ${LINES} lines`);
    await replay({ sample: "demo/sample/access.log", target: access, lines: LINES, format: "access" });
  }
  if (format !== "events") {
    say(`replaying demo/sample/events.ndjson to ${LINES} lines`);
    await replay({ sample: "demo/sample/events.ndjson", target: events, lines: LINES, format: "events" });
  }

  const errors: CaissonError[] = [];
  await using alerts = await receiveAlerts(join(OUTPUT, "alerts.ndjson"));
  const grants = await writeGrants(alerts.port);
  await using runtime = new Runtime({
    plugins: ["plugins/transform", "plugins/webhook", "plugins/metronome"],
    grants,
    cacheFolder: CACHE,
    onError: (error) => errors.push(error),
  });
  const { refused } = await runtime.discover();
  for (const { folder, error } of refused) say(`refused ${folder}: ${error.message}`);

  say("running demo/flow.ts");
  const flow = await runtime.deploy(createFlow({ access, events, output: OUTPUT, port: alerts.port }));
  await flow.done;
  const report = flow.report();

  say("asking for what was not granted: metronome -> webhook to another port");
  const refusal = await showRefusal(runtime, alerts.port + 1, errors);

  const summary = await summarize(report, [access, events]);
  await Deno.writeTextFile(join(OUTPUT, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  printReport(report, refusal, join(OUTPUT, "summary.json"));
  return report.state === "stopped" && Object.keys(report.errors).every((code) => code === "CAISSON_OPERATOR_FAILED")
    ? 0
    : 1;
}

/** The file of `--input`: there, and not about to be replaced by what this run writes. */
async function givenInput(): Promise<string | undefined> {
  const refuse = (found: string, cause?: unknown): never => {
    throw new CaissonError("CAISSON_USAGE", {
      subject: "deno task demo",
      found,
      allowed: `--input FILE, a log outside ${OUTPUT}`,
      action: "See demo/README.md.",
      cause,
    });
  };
  let given: string | undefined;
  try {
    given = parseArgs({ args: Deno.args, options: { input: { type: "string" } } }).values.input;
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error), error);
  }
  if (given === undefined) return undefined;
  // Tasks run in the root, whatever folder they were started from.
  const from = resolve(Deno.env.get("INIT_CWD") ?? ".");
  const path = from === Deno.cwd() ? given : resolve(from, given);
  if (!relative(OUTPUT, path).startsWith("..")) refuse(`${path}, which the demo replaces`);
  const { isFile } = await Deno.stat(path).catch((error) => refuse(`no file ${path}`, error));
  return isFile ? path : refuse(`${path}, which is no file`);
}

/** JSON events begin with a brace; everything else is taken for an access log. */
async function formatOf(path: string): Promise<"access" | "events"> {
  using file = await Deno.open(path);
  const first = new Uint8Array(1);
  await file.read(first);
  return first[0] === "{".charCodeAt(0) ? "events" : "access";
}

/** Says what to install before anything else is done. */
async function requireCompiler(): Promise<void> {
  try {
    await findCompiler();
  } catch (error) {
    if (!(error instanceof CaissonError) || error.code !== "CAISSON_HOST_PERMISSION") throw error;
    // The demo's permission set names cc, gcc and clang. Deno looks for them when it starts, and may not run what was
    // not there.
    throw new CaissonError("CAISSON_COMPILER_MISSING", {
      subject: "C compiler",
      found: "none of cc, gcc, clang is installed",
      cause: error,
    });
  }
}

/** The committed grants, for the port that was free. */
async function writeGrants(port: number): Promise<string> {
  const text = await Deno.readTextFile("demo/caisson.grants.json");
  const file = join(OUTPUT, "caisson.grants.json");
  await Deno.writeTextFile(file, text.replaceAll("127.0.0.1:8733", `127.0.0.1:${port}`));
  return file;
}

/** Three beats to a port nobody granted: they fail, are reported, and everything else goes on. */
async function showRefusal(runtime: Runtime, port: number, errors: CaissonError[]): Promise<CaissonError> {
  const before = errors.length;
  const flow = await runtime.deploy({
    name: "refused",
    connectors: {
      beat: { type: "metronome", config: { interval_ms: 1, count: 3 } },
      elsewhere: { type: "webhook", config: { url: `http://127.0.0.1:${port}/`, format: "ndjson" } },
    },
    links: [{ from: "beat", to: "elsewhere" }],
  });
  await flow.done;
  const refusal = errors.slice(before).find(({ code }) => code === "CAISSON_PERMISSION_DENIED");
  if (refusal !== undefined && flow.report().failed === 3) return refusal;
  throw new CaissonError("CAISSON_INTERNAL", {
    subject: "demo",
    found: `a write to port ${port} was not refused`,
    allowed: "only what demo/caisson.grants.json grants",
  });
}

/** Numbers anyone can count again from the files. */
async function summarize(report: FlowReport, inputs: readonly string[]): Promise<unknown> {
  const outputs = ["requests", "errors", "counts", "unreadable", "alerts"].map((name) =>
    join(OUTPUT, `${name}.ndjson`)
  );
  const counted = async (paths: readonly string[]): Promise<Record<string, number>> =>
    Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await countLines(path)] as const)));
  const dropped = report.nodes.filter(({ name }) => name === "requests" || name === "errors")
    .reduce((sum, { metrics }) => sum + metrics.dropped, 0);
  const read = await counted(inputs);
  const written = await counted(outputs);
  const kept = ["requests", "errors", "unreadable"].reduce(
    (sum, name) => sum + written[join(OUTPUT, `${name}.ndjson`)]!,
    0,
  );
  const alerts = report.nodes.find(({ name }) => name === "alerts")!.metrics.out;
  const lines = Object.values(read).reduce((sum, count) => sum + count, 0);
  const received = written[join(OUTPUT, "alerts.ndjson")]!;
  if (lines !== report.in || lines !== kept + dropped + report.failed || alerts !== received) {
    throw new CaissonError("CAISSON_INTERNAL", {
      subject: "demo",
      found: `${lines} lines, ${report.in} read, ${kept} kept, ${dropped} dropped, ${report.failed} failed, ` +
        `${alerts} alerts sent, ${received} received`,
      allowed: "numbers that add up",
    });
  }
  return {
    inputs: read,
    in: report.in,
    out: written,
    dropped,
    failed: report.failed,
    eventsPerSecond: Math.round(report.eventsPerSecond),
  };
}

try {
  Deno.exit(await main());
} catch (error) {
  if (!(error instanceof CaissonError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n  next: ${error.action}\n`));
  Deno.exit(error.code === "CAISSON_USAGE" ? 2 : 1);
}
