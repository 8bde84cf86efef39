/** The table at the end of the demo. @module */
import type { CaissonError, FlowReport } from "../../mod.ts";

/** Prints what flowed where, how fast, and what was refused. */
export function printReport(report: FlowReport, refusal: CaissonError, summaryFile: string): void {
  const rows = [
    ["node", "role", "type", "isolation", "level", "in", "out", "dropped", "failed"],
    ...report.nodes.map(({ name, role, type, isolation, level, metrics }) => [
      name,
      role,
      type,
      isolation,
      level,
      number(metrics.in),
      number(metrics.out),
      number(metrics.dropped),
      number(metrics.failed),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => column < 5 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)).join("  ")
  );
  const { p50, p99, p999 } = report.latencyMs;
  const text = [
    "",
    ...lines,
    "",
    `${number(report.in)} events in, ${number(report.out)} delivered to sinks, ${number(report.failed)} failed, ` +
    `${report.seconds.toFixed(1)} s, ${number(Math.round(report.eventsPerSecond))} events/s`,
    `latency p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, p99.9 ${p999.toFixed(1)} ms; ` +
    `memory ${(Deno.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
    "",
    "refused on purpose:",
    `  ${refusal.message}`,
    `  next: ${refusal.action}`,
    "",
    `numbers to check against the files: ${summaryFile}`,
    "",
  ].join("\n");
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
