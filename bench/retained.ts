/** Throughput of Tremor's workloads with plugins, with builtin connectors, and by hand. @module */
import type { FlowDefinition } from "../runtime/flow/flow_definition.ts";
import type { Flow } from "../runtime/flow/flow.ts";
import { turn } from "../runtime/connector/sleep.ts";
import { LoggingWorkload } from "./logging.ts";
import { median, medianRatio, significant } from "./statistics.ts";
import { bytesPerEvent, codecIfThere, type Input, type Place, type Workplace } from "./workplace.ts";

/** How long and how often is measured. */
export interface Pace {
  /** Rounds; every round runs every contender once. */
  readonly rounds: number;
  /** Whether a round that does not count goes before. */
  readonly warmRound: boolean;
  /** Before measuring, milliseconds. */
  readonly warmMs: number;
  /** Measuring, milliseconds. */
  readonly measureMs: number;
}

/** One of Tremor's workloads. */
interface Workload {
  readonly name: string;
  readonly data: "json" | "msgpack";
  readonly codec: string;
  readonly inputs: 1 | 2;
  readonly logging: boolean;
}

/** The four of Tremor's benchmark, by its names. */
export const WORKLOADS: readonly Workload[] = [
  { name: "passthrough", data: "json", codec: "binary", inputs: 1, logging: false },
  { name: "passthrough-two-inputs", data: "json", codec: "binary", inputs: 2, logging: false },
  { name: "throughput-logging-json", data: "json", codec: "json", inputs: 1, logging: true },
  { name: "throughput-logging-msgpack", data: "msgpack", codec: "msgpack", inputs: 1, logging: true },
];

/** What one contender did in one round. */
export interface Sample {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the host's own thread, nanoseconds an event; `NaN` where the system does not tell. */
  readonly hostNs: number;
}

/** Rounds by contender: `hand`, `builtin` and the isolations. */
export type Rounds = Map<string, Sample[]>;

/** What was measured of one workload. */
export interface WorkloadResult {
  readonly bytesPerEvent: number;
  readonly rounds: Rounds;
}

function flowOf(workload: Workload, input: Input, place: Place | undefined): FlowDefinition {
  const { codec, inputs, logging } = workload;
  const plugin = place?.components;
  const config = plugin === undefined
    ? { input: workload.data }
    : input.framing === "line"
    ? { path: input.file }
    : plugin.source === "blaster"
    ? { path: input.file, chunk: "prefixed" }
    : { path: input.file, framing: "prefixed" };
  const source = { type: plugin?.source ?? "twin_source", config, codec };
  const state = new LoggingWorkload();
  return {
    name: "bench",
    connectors: {
      first: source,
      ...(inputs === 2 ? { second: source } : {}),
      end: { type: plugin?.sink ?? "twin_sink", codec },
    },
    pipelines: {
      main: logging ? [{ filter: (event) => state.step(event.value as Record<string, unknown>, event.timestamp) }] : [],
    },
    links: [
      { from: "first", to: "main" },
      ...(inputs === 2 ? [{ from: "second", to: "main" }] : []),
      { from: "main", to: "end" },
    ],
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function delivered(flow: Flow): number {
  return flow.report().nodes.find(({ role }) => role === "sink")!.metrics.out;
}

/** Processor time this thread has used so far, nanoseconds: what is left of a figure on a machine that is not quiet. */
function threadTime(): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/schedstat`).split(" ")[0]);
  } catch {
    // Only Linux tells it in a file.
    return NaN;
  }
}

async function runFlow(place: Place, definition: FlowDefinition, pace: Pace): Promise<Sample> {
  const flow = await place.runtime.deploy(definition);
  await wait(pace.warmMs);
  const eventsBefore = delivered(flow);
  const timeBefore = threadTime();
  const before = performance.now();
  await wait(pace.measureMs);
  const seconds = (performance.now() - before) / 1000;
  const hostTime = threadTime() - timeBefore;
  const events = delivered(flow) - eventsBefore;
  await flow.stop();
  const { latencyMs, failed, errors } = flow.report();
  if (failed > 0 || events === 0) {
    throw new Error(`${definition.name}: ${failed} events failed, ${events} delivered: ${JSON.stringify(errors)}`);
  }
  return { eventsPerSecond: events / seconds, p50Ms: latencyMs.p50, p99Ms: latencyMs.p99, hostNs: hostTime / events };
}

/** The same work as a plain loop: no batches, no links, no settlement; the event loop gets its turn as often. */
async function runByHand(workload: Workload, input: Input, pace: Pace): Promise<Sample> {
  const { bytes, offsets, lengths } = input.region;
  const lines = Array.from(offsets, (offset, index) => bytes.subarray(offset, offset + lengths[index]!));
  const decode = decoderByHand(workload.codec);
  const state = new LoggingWorkload();
  let events = 0;
  let counted = 0;
  const until = async (end: number): Promise<void> => {
    for (let lastTurn = performance.now(); lastTurn < end;) {
      for (let now = lastTurn; now - lastTurn < 5; now = performance.now()) {
        const stamp = Date.now();
        for (let count = 0; count < 1024; count++) {
          const line = lines[events++ % lines.length]!;
          if (!workload.logging || state.step(decode(line), stamp)) counted += line.byteLength;
        }
      }
      await turn();
      lastTurn = performance.now();
    }
  };
  await until(performance.now() + pace.warmMs);
  const eventsBefore = events;
  const timeBefore = threadTime();
  const before = performance.now();
  await until(before + pace.measureMs);
  const seconds = (performance.now() - before) / 1000;
  if (counted === 0) throw new Error("the loop by hand counted nothing");
  return {
    eventsPerSecond: (events - eventsBefore) / seconds,
    p50Ms: 0,
    p99Ms: 0,
    hostNs: (threadTime() - timeBefore) / (events - eventsBefore),
  };
}

function decoderByHand(codec: string): (bytes: Uint8Array) => Record<string, unknown> {
  if (codec === "json") {
    const text = new TextDecoder();
    return (bytes) => JSON.parse(text.decode(bytes));
  }
  const other = codecIfThere(codec)!;
  return (bytes) => other.decode(bytes) as Record<string, unknown>;
}

/** Runs every workload under every isolation that is there, interleaved; workloads whose codec is missing are absent. */
export async function measureRetained(
  workplace: Workplace,
  pace: Pace,
  say: (text: string) => void,
): Promise<Map<string, WorkloadResult>> {
  const results = new Map<string, WorkloadResult>();
  const host = workplace.places[0]!;
  for (const workload of WORKLOADS) {
    const input = workplace.inputs.get(workload.data);
    if (input === undefined) {
      say(`${workload.name}: not measured, this version has no codec ${workload.codec}`);
      continue;
    }
    const contenders: (readonly [string, () => Promise<Sample>])[] = [
      ["hand", () => runByHand(workload, input, pace)],
      ["builtin", () => runFlow(host, flowOf(workload, input, undefined), pace)],
      ...workplace.places.map((place) =>
        [place.isolation, () => runFlow(place, flowOf(workload, input, place), pace)] as const
      ),
    ];
    const rounds: Rounds = new Map(contenders.map(([name]) => [name, []]));
    // Every other round runs in the opposite order.
    for (let round = pace.warmRound ? 0 : 1; round <= pace.rounds; round++) {
      for (const [name, run] of round % 2 === 0 ? contenders : [...contenders].reverse()) {
        const sample = await run();
        if (round > 0) rounds.get(name)!.push(sample);
      }
    }
    results.set(workload.name, { bytesPerEvent: bytesPerEvent(input), rounds });
    const rates = [...rounds].map(([name, samples]) =>
      `${name} ${significant(median(samples.map((sample) => sample.eventsPerSecond)) / 1e6, 3)} M/s`
    );
    say(`${workload.name}: ${rates.join(", ")}`);
  }
  return results;
}

/** Median over rounds of how many times as fast one contender was as another; `NaN` when either was not measured. */
export function ratioOf({ rounds }: WorkloadResult, numerator: string, denominator: string): number {
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ eventsPerSecond }) => eventsPerSecond);
  return medianRatio(rates(numerator), rates(denominator));
}
