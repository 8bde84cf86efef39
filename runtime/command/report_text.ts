/** The report of a flow for people, and whether the flow went well. @module */
import type { FlowReport } from "../flow/flow_report.ts";
import { formatColumns, formatNumber } from "./columns.ts";

/**
 * Whether the command may end with 0.
 *
 * Events that failed are the flow's business and not the host's, unless it is asked to be strict.
 */
export function endedWell(report: FlowReport, strict: boolean): boolean {
  if (report.state !== "stopped" || (strict && report.failed > 0)) return false;
  return report.nodes.every(({ error }) => error === undefined);
}

/** The table of nodes, the totals, and the errors that were seen. */
export function reportText(report: FlowReport): string {
  const rows = report.nodes.map(({ name, role, type, plugin, isolation, level, metrics }) => [
    name,
    role,
    type,
    plugin,
    isolation,
    level,
    metrics.in,
    metrics.out,
    metrics.dropped,
    metrics.failed,
  ]);
  const { latencyMs, seconds } = report;
  const show = (value: number): string => report.out === 0 ? "-" : milliseconds(value);
  const totals = [
    `${report.flow}: ${report.state} after ${formatNumber(Number(seconds.toFixed(3)))} s`,
    `${formatNumber(report.in)} in, ${formatNumber(report.out)} out, ${formatNumber(report.dropped)} dropped, ` +
    `${formatNumber(report.failed)} failed; ${formatNumber(Math.round(report.eventsPerSecond))} events/s`,
    `latency p50 ${show(latencyMs.p50)}, p99 ${show(latencyMs.p99)}, p99.9 ${show(latencyMs.p999)}; memory ${
      formatNumber(Math.round(Deno.memoryUsage().rss / 2 ** 20))
    } MiB`,
  ];
  const errors = Object.entries(report.errors).map(([code, count]) => `${code}: ${formatNumber(count)}`);
  return [
    formatColumns(
      ["node", "role", "type", "plugin", "isolation", "level", "in", "out", "dropped", "failed"],
      rows,
    ),
    "",
    ...totals,
    ...(errors.length > 0 ? [`errors: ${errors.join(", ")}`] : []),
  ].join("\n");
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 1)} ms`;
}
