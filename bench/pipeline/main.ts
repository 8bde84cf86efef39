/**
 * `deno task bench:pipeline [--quick] [--json FILE] [--plots DIR]`: events a second and core of pipelines, with and
 * without the native kernel, beside a loop by hand, stream libraries, a host in C, and the syslog daemons of Debian.
 *
 * Every variant runs in a process of its own, one after the other, all of them in every round.
 */
// deno-lint-ignore-file no-console -- the terminal is where it reports
import { fromFileUrl, join } from "@std/path";
import { parseArgs } from "node:util";
import { buildPlugin } from "../../ffi/build.ts";
import { compile, findCompiler } from "../../ffi/compiler.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import { compilePipeline } from "../../runtime/pipeline/pipeline.ts";
import { median, medianRatio, significant } from "../statistics.ts";
import { daemons } from "./daemons.ts";
import {
  type Latency,
  latencyRatio,
  measureLatency,
  program,
  type StartServer,
  summarize,
  syslogNgServer,
} from "./latency.ts";
import { pipelineCharts } from "./plots.ts";
import { runArguments, settledArguments } from "./run_arguments.ts";
import { dataWorkload, workloadLines, type WorkloadName, WORKLOADS } from "./workloads.ts";

const { values: { quick, json, plots } } = parseArgs({
  options: { quick: { type: "boolean", default: false }, json: { type: "string" }, plots: { type: "string" } },
});
const plan = quick
  ? { rounds: 3, daemonRounds: 1, milliseconds: 600, lines: 20_000, daemonLines: 50_000, seconds: 3, latencyRounds: 3 }
  : {
    rounds: 5,
    daemonRounds: 5,
    milliseconds: 1500,
    lines: 50_000,
    daemonLines: 200_000,
    seconds: 10,
    latencyRounds: 5,
  };

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const OURS = ["typescript", "kernel"];
const LOOPS = ["hand", "rxjs", "most", "streams"];
/** Events a second of the latency runs. */
const RATES = [10_000, 50_000] as const;
const DAEMONS = ["rsyslog", "syslog-ng"];
const PEERS = [...LOOPS, "c-host", ...DAEMONS];

/** Events a second of each round, by variant. */
type Rounds = Record<string, number[]>;

async function output(command: string, args: readonly string[]): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${text.decode(stderr)}`);
  return (JSON.parse(text.decode(stdout)) as { eventsPerSecond: number }).eventsPerSecond;
}

const folder = await Deno.makeTempDir({ prefix: "caisson-bench-" });
const results: Record<string, Rounds> = {};
const latency: Record<string, Record<string, Latency[]>> = {};
try {
  const kernel = await buildPlugin({ folder: join(ROOT, "plugins/json_kernel") });
  const host = join(folder, "host");
  const compiler = await findCompiler();
  await compile("bench host", compiler.command, [
    ...["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", `-I${join(ROOT, "ffi/include")}`],
    ...[join(ROOT, "bench/pipeline/c/host.c"), "-o", host, "-ldl"],
  ]);
  const load = join(folder, "load");
  await compile("bench load", compiler.command, [
    ...["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"],
    ...[join(ROOT, "bench/pipeline/c/load.c"), "-o", load],
  ]);
  const syslog = await daemons(folder);
  const file = async (name: WorkloadName, lines: number) => {
    const path = join(folder, `${name}-${lines}.ndjson`);
    await Deno.writeTextFile(path, workloadLines(name, lines));
    return path;
  };
  const one = join(ROOT, "bench/pipeline/measure_one.ts");
  const milliseconds = String(plan.milliseconds);
  for (const name of WORKLOADS) {
    const events = await file(name, plan.lines);
    const more = await file(name, plan.daemonLines);
    const steps = kernelProgramOf(compilePipeline(dataWorkload(name), name));
    const config = steps === undefined ? "" : JSON.stringify({ program: steps.text });
    const rounds: Rounds = results[name] = {};
    const measure = (variant: string): Promise<number> => {
      if (variant === "c-host") return output(host, [kernel.library, config, events, milliseconds, name]);
      if (variant === "rsyslog" || variant === "syslog-ng") {
        return syslog.throughput[variant](name, more, plan.daemonLines);
      }
      const args = [name, variant, events, milliseconds, kernel.manifestFile];
      return output(Deno.execPath(), [...runArguments, one, ...args]);
    };
    for (let round = 0; round < plan.rounds; round++) {
      for (const variant of [...OURS, ...PEERS]) {
        if (round >= plan.daemonRounds && DAEMONS.includes(variant)) continue;
        (rounds[variant] ??= []).push(await measure(variant));
      }
    }
    const shown = [...OURS, ...PEERS].map((variant) => `${variant} ${Math.round(median(rounds[variant]!) / 1000)}`);
    console.log(`${name} (1,000 events/s): ${shown.join(", ")}`);
  }
  const servers: Readonly<Record<string, StartServer>> = {
    flow: program("tcp_flow.ts"),
    hand: program("peers/tcp_loop.ts"),
    "flow-settled": program("tcp_flow.ts", settledArguments),
    "hand-settled": program("peers/tcp_loop.ts", settledArguments),
    "syslog-ng": syslogNgServer(folder, syslog.syslogNg),
  };
  for (const rate of RATES) {
    const runs: Record<string, Latency[]> = latency[rate] = {};
    for (let round = 0; round < plan.latencyRounds; round++) {
      for (const [name, start] of Object.entries(servers)) {
        (runs[name] ??= []).push(await measureLatency(load, start, rate, plan.seconds));
      }
    }
    for (const [name, each] of Object.entries(runs)) {
      const { p50, p99, p99OfAll, p999OfAll, received, expected, senderLate, pinned } = summarize(each);
      const came = `${received} of ${expected}, sender at most ${senderLate} µs late${pinned ? "" : ", not pinned"}`;
      console.log(
        `TCP to TCP at ${rate}/s, ${name}: p50 ${p50} µs, p99 ${p99} µs (of all ${p99OfAll}, p99.9 ${p999OfAll}), ${came}`,
      );
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

const ratio = (name: string, above: string, below: string): number =>
  significant(medianRatio(results[name]![above]!, results[name]![below]!), 3);
const FASTEST = ["hand", "rxjs", "most"];
console.log(
  "\n| workload | typescript ÷ best of hand, rxjs, most | kernel ÷ c-host | kernel ÷ typescript | typescript ÷ daemons | kernel ÷ daemons |",
);
console.log("|---|---|---|---|---|---|");
for (const name of WORKLOADS) {
  const against = (ours: string, peers: readonly string[]) => Math.min(...peers.map((peer) => ratio(name, ours, peer)));
  const row = [
    against("typescript", FASTEST),
    ratio(name, "kernel", "c-host"),
    ratio(name, "kernel", "typescript"),
    against("typescript", DAEMONS),
    against("kernel", DAEMONS),
  ];
  console.log(`| ${name} | ${row.join(" | ")} |`);
}

console.log(
  "\n| TCP to TCP | p50 ÷ hand | p99 ÷ hand | p99 of all ÷ hand | p50 ÷ syslog-ng | p99 ÷ syslog-ng | p99 of all ÷ syslog-ng |",
);
console.log("|---|---|---|---|---|---|---|");
for (const rate of RATES) {
  for (const state of ["", "-settled"]) {
    const { [`flow${state}`]: flow, [`hand${state}`]: hand, "syslog-ng": daemon } = latency[rate]!;
    const ratios = [hand!, daemon!].flatMap((peer) =>
      (["p50", "p99", "p99OfAll"] as const).map((key) => latencyRatio(key, flow!, peer))
    );
    console.log(`| ${rate}/s${state.replace("-", ", ")} | ${ratios.join(" | ")} |`);
  }
}

const pick = (variants: readonly string[]) =>
  Object.fromEntries(WORKLOADS.map((name) => [
    name,
    Object.fromEntries(variants.map((variant) => [variant, significant(median(results[name]![variant]!))])),
  ]));
const report = {
  workloads: pick(OURS),
  peers: pick(PEERS),
  latency: Object.fromEntries(
    RATES.map((rate) => [
      rate,
      Object.fromEntries(Object.entries(latency[rate]!).map(([name, runs]) => [name, summarize(runs)])),
    ]),
  ),
  machine: {
    cpus: navigator.hardwareConcurrency,
    arch: Deno.build.arch,
    os: Deno.build.os,
    deno: Deno.version.deno,
    rounds: plan.rounds,
    load: Deno.loadavg().map((value) => significant(value, 3)),
  },
};
if (json !== undefined) await Deno.writeTextFile(json, `${JSON.stringify(report, undefined, 2)}\n`);
if (plots !== undefined) {
  await Deno.mkdir(plots, { recursive: true });
  for (const [name, svg] of pipelineCharts(report.workloads, report.peers)) {
    await Deno.writeTextFile(join(plots, name), svg);
  }
}
