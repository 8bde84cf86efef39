/**
 * `deno task bench [--quick] [--json FILE] [--plots DIR] [--out FILE]`: measures Caisson beside itself, a loop by hand and
 * its peers, and writes one report.
 *
 * Everything is measured in one run, interleaved, so that ratios hold on a machine that is not quiet. It needs
 * `--allow-all`: nothing less opens `/proc`, which tells the processor time of a thread and the memory of a child.
 */
import { parseArgs } from "node:util";
import { measureBoundary } from "./boundary.ts";
import { measureLife } from "./life.ts";
import { measureLimits } from "./limits.ts";
import { measureMessages } from "./messages.ts";
import { tableOfMethods } from "./methods.ts";
import { measurePeers } from "./peers.ts";
import { toMarkdown } from "./report.ts";
import { type Results, toJson } from "./results.ts";
import { measureRetained, WORKLOADS } from "./retained.ts";
import { toPlots } from "./plots.ts";
import { Workplace } from "./workplace.ts";

/** What `--quick` shortens. */
interface Plan {
  readonly retained: Parameters<typeof measureRetained>[1];
  readonly boundary: { readonly rounds: number; readonly milliseconds: number };
  readonly messageMs: number;
  readonly peerMs: number;
  readonly life: Parameters<typeof measureLife>[1];
}

const FULL: Plan = {
  retained: { rounds: 5, warmRound: true, warmMs: 500, measureMs: 2000 },
  boundary: { rounds: 5, milliseconds: 200 },
  messageMs: 300,
  peerMs: 500,
  life: { instances: 100, sources: [1, 2, 4, 8, 16, 32, 64], flows: [1, 10, 100, 1000], milliseconds: 500 },
};

const QUICK: Plan = {
  retained: { rounds: 2, warmRound: false, warmMs: 100, measureMs: 250 },
  boundary: { rounds: 2, milliseconds: 20 },
  messageMs: 20,
  peerMs: 50,
  life: { instances: 5, sources: [1, 64], flows: [1, 100], milliseconds: 60 },
};

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function cpuName(): Promise<string> {
  try {
    const text = await Deno.readTextFile("/proc/cpuinfo");
    return /^model name\s*:\s*(.+)$/m.exec(text)?.[1] ?? Deno.build.arch;
  } catch {
    // Only Linux tells it in a file.
    return Deno.build.arch;
  }
}

async function run(quick: boolean): Promise<Results> {
  const plan = quick ? QUICK : FULL;
  const started = performance.now();
  const loadBefore = Deno.loadavg()[0]!;
  await using workplace = await Workplace.open();
  for (const isolation of workplace.missing) say(`${isolation}: not available in this version`);
  const retained = await measureRetained(workplace, plan.retained, say);
  const input = workplace.inputs.get("json")!;
  const batchBytes = Math.round(1024 * retained.get("passthrough")!.bytesPerEvent);
  const limits = await measureLimits(workplace, batchBytes, Math.max(300, plan.messageMs));
  const boundary = await measureBoundary(workplace, plan.boundary.rounds, plan.boundary.milliseconds, say);
  const messages = await measureMessages(workplace, plan.messageMs, say);
  const { start, growth } = await measureLife(workplace, plan.life, say);
  const peers = await measurePeers(workplace.folder, boundary.loop, plan.peerMs, !quick, say);
  return {
    machine: {
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      os: `${Deno.build.os} ${Deno.osRelease()}`,
      cpu: await cpuName(),
      cores: navigator.hardwareConcurrency,
      memoryBytes: Deno.systemMemoryInfo().total,
      date: new Date().toISOString(),
      quick,
      input: input.origin,
      loadBefore,
      seconds: Math.round((performance.now() - started) / 1000),
    },
    isolations: workplace.places.map(({ isolation }) => isolation),
    missing: workplace.missing,
    skipped: new Map(
      WORKLOADS.filter(({ name }) => !retained.has(name)).map(({ name, codec }) => [name, `no codec ${codec}`]),
    ),
    retained,
    limits,
    boundary,
    messages,
    start,
    growth,
    peers,
    methods: tableOfMethods({ retained, boundary, messages, start, peers }),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      plots: { type: "string" },
      out: { type: "string" },
    },
  });
  const results = await run(values.quick);
  const markdown = toMarkdown(results);
  if (values.out === undefined) Deno.stdout.writeSync(new TextEncoder().encode(markdown));
  else await Deno.writeTextFile(values.out, markdown);
  if (values.json !== undefined) {
    await Deno.writeTextFile(values.json, `${JSON.stringify(toJson(results), undefined, 2)}\n`);
  }
  if (values.plots !== undefined) {
    await Deno.mkdir(values.plots, { recursive: true });
    for (const [name, svg] of toPlots(results)) await Deno.writeTextFile(`${values.plots}/${name}.svg`, svg);
  }
}

if (import.meta.main) await main();
