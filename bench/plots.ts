/** The report's charts. @module */
import type { Results } from "./results.ts";
import { ratioOf } from "./retained.ts";
import { barChart, lineChart } from "./svg.ts";

/** SVG documents by name. */
export function toPlots(results: Results): Map<string, string> {
  const { retained, isolations, boundary, messages, peers } = results;
  return new Map([
    [
      "retained",
      barChart(
        { title: "Retained throughput: plugin ÷ builtin", x: "", y: "ratio" },
        [...retained].map(([name, result]) => ({
          name,
          bars: new Map(isolations.map((isolation) => [isolation, ratioOf(result, isolation, "builtin")])),
        })),
      ),
    ],
    [
      "boundary",
      lineChart(
        { title: "Cost at the boundary, plugin to host", x: "events in a batch", y: "ns an event" },
        [
          ...[...boundary.isolations].map(([name, cost]) => ({ name, points: [...cost.in] })),
          ...[...peers].flatMap(([name, cost]) => typeof cost === "string" ? [] : [{ name, points: [...cost] }]),
        ],
      ),
    ],
    [
      "latency",
      lineChart(
        { title: "There and back, by message size (p50)", x: "bytes", y: "µs" },
        [...messages].map(([name, sizes]) => ({ name, points: [...sizes].map(([size, { p50 }]) => [size, p50]) })),
      ),
    ],
    [
      "throughput",
      lineChart(
        { title: "One way, by message size", x: "bytes", y: "MB/s" },
        [...messages].map(([name, sizes]) => ({
          name,
          points: [...sizes].map(([size, { bytesPerSecond = 0 }]) => [size, bytesPerSecond / 1e6]),
        })),
      ),
    ],
  ]);
}
