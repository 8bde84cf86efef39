/** Charts of `bench:pipeline`. @module */
import { barChart } from "../svg.ts";

type Table = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** SVG documents by name of file. */
export function pipelineCharts(workloads: Table, peers: Table): Map<string, string> {
  const groups = Object.entries(workloads).filter(([name]) => name !== "pass").map(([name, ours]) => ({
    name,
    bars: new Map([...Object.entries(ours), ...Object.entries(peers[name] ?? {})]),
  }));
  return new Map([["pipeline.svg", barChart({ title: "Pipelines on JSON events", x: "", y: "events/s" }, groups)]]);
}
