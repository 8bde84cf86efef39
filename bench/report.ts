/** The report as Markdown. @module */
import { BATCHES } from "./boundary.ts";
import { SIZES } from "./transports/transport.ts";
import { rateOf, type Results } from "./results.ts";
import { ratioOf, WORKLOADS } from "./retained.ts";
import { median, significant } from "./statistics.ts";
import { shortNumber } from "./svg.ts";

/** What DESIGN §11 asks of each isolation. */
const GOALS: Readonly<
  Record<
    string,
    { logging: number; passthrough: number | undefined; limit: "memcpy" | "unixSocket"; boundary: number; trip: number }
  >
> = {
  native: { logging: 0.97, passthrough: 0.9, limit: "memcpy", boundary: 3, trip: 0.1 },
  runner: { logging: 0.95, passthrough: undefined, limit: "memcpy", boundary: 20, trip: 15 },
  worker: { logging: 0.90, passthrough: undefined, limit: "memcpy", boundary: 20, trip: 5 },
  guard: { logging: 0.85, passthrough: undefined, limit: "unixSocket", boundary: 120, trip: 40 },
};
const BASELINE = 0.9;
/** Load above which something else ran. */
const QUIET = 0.5;
/** Share of the limit that bytes a second of the passthrough workloads should reach. */
const OF_LIMIT = 0.25;
/** Events a second Tremor published for passthrough. */
const TREMOR = 1.19e6;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function number(value: number | undefined, digits = 3): string {
  return value === undefined || !Number.isFinite(value) ? "—" : String(significant(value, digits));
}

function verdict(met: boolean): string {
  return met ? "met" : "**missed**";
}

function goalRows(results: Results): string[][] {
  const rows: string[][] = [];
  for (const { name, logging } of WORKLOADS) {
    const result = results.retained.get(name);
    if (result === undefined) continue;
    if (logging) {
      const ratio = ratioOf(result, "builtin", "hand");
      rows.push([`builtin ÷ hand, ${name}`, `≥ ${BASELINE}`, number(ratio), verdict(ratio >= BASELINE)]);
    }
    for (const isolation of results.isolations) {
      const goal = GOALS[isolation]!;
      const ratio = ratioOf(result, isolation, "builtin");
      const wanted = logging ? goal.logging : goal.passthrough;
      if (wanted !== undefined) {
        rows.push([`${isolation} ÷ builtin, ${name}`, `≥ ${wanted}`, number(ratio), verdict(ratio >= wanted)]);
      } else {
        const rate = rateOf(result, isolation);
        const share = rate * result.bytesPerEvent / results.limits[goal.limit];
        rows.push([
          `${isolation}, bytes/s ÷ ${goal.limit}, ${name}`,
          `≥ ${OF_LIMIT}`,
          number(share),
          verdict(share >= OF_LIMIT),
        ]);
        rows.push([
          `${isolation}, events/s, ${name}`,
          `> ${TREMOR / 1e6} M`,
          `${number(rate / 1e6)} M`,
          verdict(rate > TREMOR),
        ]);
      }
    }
  }
  for (const isolation of results.isolations) {
    const { boundary, trip } = GOALS[isolation]!;
    const cost = results.boundary.isolations.get(isolation)!.in.get(1024)!;
    rows.push([`${isolation}, boundary at 1,024`, `≤ ${boundary} ns`, `${number(cost)} ns`, verdict(cost <= boundary)]);
    const { p50 } = results.boundary.roundTrip.get(isolation)!;
    rows.push([`${isolation}, round trip p50`, `≤ ${trip} µs`, `${number(p50)} µs`, verdict(p50 <= trip)]);
  }
  return rows;
}

function retainedRows(results: Results): string[][] {
  const contenders = ["hand", "builtin", ...results.isolations];
  return [...results.retained].map(([name, result]) => [
    name,
    ...contenders.map((each) => {
      const rate = `${number(rateOf(result, each) / 1e6)} M`;
      return each === "hand" || each === "builtin" ? rate : `${rate} (${number(ratioOf(result, each, "builtin"))})`;
    }),
  ]);
}

function hostRows(results: Results): string[][] {
  const contenders = ["hand", "builtin", ...results.isolations];
  return [...results.retained].map(([name, { rounds }]) => {
    const time = (each: string): number => median((rounds.get(each) ?? []).map(({ hostNs }) => hostNs));
    return [
      name,
      ...contenders.map((each) =>
        each === "hand" || each === "builtin"
          ? number(time(each))
          : `${number(time(each))} (${number(time("builtin") / time(each))})`
      ),
    ];
  });
}

function boundaryRows(results: Results): string[][] {
  const { boundary, peers } = results;
  const row = (name: string, costs: ReadonlyMap<number, number>) => [
    name,
    ...BATCHES.map((size) => number(costs.get(size))),
  ];
  return [
    ...[...boundary.isolations].flatMap(([name, cost]) => [row(`${name}, in`, cost.in), row(`${name}, out`, cost.out)]),
    ...[...peers].flatMap(([name, cost]) => typeof cost === "string" ? [] : [row(name, cost)]),
  ];
}

/** The whole report. */
export function toMarkdown(results: Results): string {
  const { machine, boundary, messages, start, growth, missing, skipped, peers, limits } = results;
  const absent = [...peers].filter((each): each is [string, string] => typeof each[1] === "string");
  return [
    "# Caisson: benchmark",
    "",
    `${machine.date}; Deno ${machine.deno}, V8 ${machine.v8}; ${machine.os}; ${machine.cores} × ${machine.cpu}; ` +
    `input: ${machine.input}; ${machine.quick ? "quick run" : "full run"}, ${machine.seconds} s.`,
    "",
    "Ratios are medians of ratios within a round; rounds are interleaved." +
    (machine.loadBefore > QUIET
      ? ` **The machine was not quiet** (load ${
        number(machine.loadBefore)
      } before): figures of more than one thread are too high.`
      : ""),
    "",
    ...missing.map((name) => `- ${name}: not available in this version`),
    ...[...skipped].map(([name, reason]) => `- ${name}: not measured, ${reason}`),
    ...absent.map(([name, reason]) => `- ${name}: not measured, ${reason}`),
    "",
    "## Goals",
    "",
    table(["what", "goal", "measured", ""], goalRows(results)),
    "",
    "## Retained throughput, events a second (÷ builtin)",
    "",
    table(["workload", "hand", "builtin", ...results.isolations], retainedRows(results)),
    "",
    `Limits: memcpy ${number(limits.memcpy / 1e9)} GB/s, Unix socket ${number(limits.unixSocket / 1e9)} GB/s. ` +
    "In the passthrough workloads a loop by hand does nothing but count, so builtin is not held against it there.",
    "",
    "## Processor time of the host's thread, nanoseconds an event",
    "",
    table(["workload", "hand", "builtin", ...results.isolations], hostRows(results)),
    "",
    "What the host itself spends on an event, whoever else uses the machine: builtin ÷ an isolation is the throughput retained " +
    "where the host is the bottleneck and the plugin has a processor of its own.",
    "",
    "## The table of methods",
    "",
    table(
      [
        "method",
        "passthrough events/s",
        "retained",
        "boundary ns",
        "round trip µs",
        "launch ms",
        "MiB",
        "place",
        "held by",
        "survives",
      ],
      results.methods.map((each) => [
        each.name,
        each.eventsPerSecond === undefined ? "—" : `${number(each.eventsPerSecond / 1e6)} M`,
        ...[each.retained, each.boundaryNs, each.roundTripUs, each.launchMs, each.memoryMiB].map((figure) =>
          number(figure)
        ),
        each.place,
        each.isolation,
        each.survives,
      ]),
    ),
    "",
    "## Cost at the boundary, nanoseconds an event of 222 bytes, by events in a batch",
    "",
    table(["", ...BATCHES.map(String)], boundaryRows(results)),
    "",
    "In: plugin to host, snapshot and checks included, less the same producer without a boundary. Out: host to plugin, each " +
    "write awaited, less the same consumer. Two threads work at once, so a Worker can cost less than nothing.",
    "",
    "## Round trip of one event, microseconds",
    "",
    table(
      ["", "p50", "p99", "p50 at 500/s"],
      [...boundary.roundTrip].map((
        [name, { p50, p99, pacedP50 }],
      ) => [name, number(p50), number(p99), number(pacedP50)]),
    ),
    "",
    "## Message size: there and back p50 in µs, one way in MB/s",
    "",
    table(
      ["", ...SIZES.map(shortNumber)],
      [...messages].map(([name, sizes]) => [
        name,
        ...SIZES.map((size) => {
          const { p50, bytesPerSecond } = sizes.get(size)!;
          return bytesPerSecond === undefined ? number(p50) : `${number(p50)}; ${number(bytesPerSecond / 1e6)}`;
        }),
      ]),
    ),
    "",
    "## Load, first call, memory",
    "",
    table(
      ["", "first launch ms", "launch ms", "first poll ms", "MiB each"],
      [...start].map(([name, each]) => [
        name,
        number(each.firstLaunchMs),
        number(each.launchMs),
        number(each.firstPollMs),
        number(each.bytesPerInstance / 1048576),
      ]),
    ),
    "",
    "## Growth",
    "",
    ...[...growth.sources].map(([name, costs]) =>
      `- ${name}, sources in one flow: ${[...costs].map(([n, cost]) => `${n}: ${number(cost)} ns/event`).join(", ")}`
    ),
    ...[...growth.plugins].map(([name, costs]) =>
      `- ${name}, instances: ${[...costs].map(([n, cost]) => `${n}: ${number(cost)} ms to launch`).join(", ")}`
    ),
    `- builtin flows: ${
      [...growth.flows].map(([n, { nsPerEvent, deployMs }]) =>
        `${n}: ${number(nsPerEvent)} ns/event, ${number(deployMs)} ms to deploy`
      ).join("; ")
    }`,
    "",
  ].join("\n");
}
