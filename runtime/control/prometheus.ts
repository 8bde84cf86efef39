/** Numbers of running flows in the text format of Prometheus. @module */
import type { FlowReport, NodeReport } from "../flow/flow_report.ts";

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly of: (node: NodeReport) => number;
}

const nodeMetrics: readonly Metric[] = [
  { name: "events_in_total", type: "counter", help: "Events the node took.", of: ({ metrics }) => metrics.in },
  { name: "events_out_total", type: "counter", help: "Events the node handed on.", of: ({ metrics }) => metrics.out },
  {
    name: "events_dropped_total",
    type: "counter",
    help: "Events dropped on purpose.",
    of: ({ metrics }) => metrics.dropped,
  },
  { name: "events_failed_total", type: "counter", help: "Events that failed.", of: ({ metrics }) => metrics.failed },
  { name: "bytes_total", type: "counter", help: "Payload bytes.", of: ({ metrics }) => metrics.bytes },
  { name: "batches_total", type: "counter", help: "Batches.", of: ({ metrics }) => metrics.batches },
  { name: "reconnects_total", type: "counter", help: "Connections after the first.", of: (node) => node.reconnects },
  { name: "running", type: "gauge", help: "1 while the node runs.", of: ({ state }) => state === "running" ? 1 : 0 },
];

/** The content type that belongs to {@linkcode prometheusText}. */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/** Every flow and every node of it. */
export function prometheusText(reports: readonly FlowReport[], memory: { readonly rss: number }): string {
  const lines: string[] = [];
  const metric = (name: string, type: string, help: string, values: readonly (readonly [string, number])[]): void => {
    lines.push(`# HELP caisson_${name} ${help}`, `# TYPE caisson_${name} ${type}`);
    for (const [labels, value] of values) lines.push(`caisson_${name}${labels} ${value}`);
  };
  metric("host_resident_bytes", "gauge", "Physical memory of the host.", [["", memory.rss]]);
  for (const { name, type, help, of } of nodeMetrics) {
    const values = reports.flatMap(({ flow, nodes }) =>
      nodes.map((node) => [labels({ flow, node: node.name, role: node.role, plugin: node.plugin }), of(node)] as const)
    );
    metric(`node_${name}`, type, help, values);
  }
  const latency = reports.flatMap(({ flow, latencyMs }) =>
    ([["0.5", latencyMs.p50], ["0.99", latencyMs.p99], ["0.999", latencyMs.p999]] as const).map(([quantile, value]) =>
      [labels({ flow, quantile }), value / 1000] as const
    )
  );
  metric("flow_latency_seconds", "gauge", "From entering the system until written.", latency);
  const errors = reports.flatMap(({ flow, errors }) =>
    Object.entries(errors).map(([code, count]) => [labels({ flow, code }), count] as const)
  );
  metric("flow_errors_total", "counter", "Errors by code.", errors);
  return `${lines.join("\n")}\n`;
}

function labels(values: Readonly<Record<string, string>>): string {
  const escaped = Object.entries(values).map(([name, value]) =>
    `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`
  );
  return `{${escaped.join(",")}}`;
}
