/**
 * What one event costs at a boundary, and how long one event takes there and back.
 *
 * In: a plugin's source, polled by the host; snapshot and checks included. Out: a plugin's sink, written to by the host.
 * From both is taken what the same producer or consumer costs without a boundary: the same TypeScript component run as
 * builtin, and for native code the same library driven by a loop in C.
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import { compile, findCompiler } from "../ffi/compiler.ts";
import type { BatchSinkPart, ComponentInstance, SourcePart } from "../runtime/connector/contract.ts";
import { turn } from "../runtime/connector/sleep.ts";
import { Batch } from "../runtime/data/batch.ts";
import { launchBuiltin } from "../runtime/isolation/builtin.ts";
import plugin from "./plugins/replay/mod.ts";
import { type RoundTrip, timeRoundTrip } from "./round_trip.ts";
import { median } from "./statistics.ts";
import { regionOfSize, ReplayTwin } from "./twins.ts";
import { openedPart, type Place, type Workplace } from "./workplace.ts";

/** Events in a batch. */
export const BATCHES = [1, 16, 64, 256, 1024, 4096] as const;
/** Payload of each event. */
export const EVENT_BYTES = 222;

const SETTLED: ReadonlyMap<number, unknown> = new Map();

/** Nanoseconds an event by batch size. */
export type CostByBatch = ReadonlyMap<number, number>;

/** One isolation's costs. */
export interface BoundaryCost {
  /** Plugin to host, less the same producer without a boundary. */
  readonly in: CostByBatch;
  /** Host to plugin, less the same consumer without a boundary. */
  readonly out: CostByBatch;
  /** Plugin to host, all of it. */
  readonly inWhole: CostByBatch;
  /** Host to plugin, all of it. */
  readonly outWhole: CostByBatch;
}

/** What was measured. */
export interface BoundaryResult {
  readonly isolations: ReadonlyMap<string, BoundaryCost>;
  /** The loop in C: poll alone, and poll and write. */
  readonly loop: { readonly poll: CostByBatch; readonly both: CostByBatch };
  readonly roundTrip: ReadonlyMap<string, RoundTrip>;
}

async function timeSource(source: SourcePart, size: number, milliseconds: number): Promise<number> {
  // As large as a ring's slot: a smaller one is filled in pieces, which no flow does by default.
  const batch = Batch.allocate({ capacity: Math.max(1024, size), arenaBytes: Math.max(1 << 20, size * 256) });
  let events = 0;
  const run = async (end: number): Promise<void> => {
    for (let polls = 1; performance.now() < end; polls++) {
      for (let inner = 0; inner < 16; inner++) {
        batch.clear();
        const polled = source.poll(batch, size);
        if (polled instanceof Promise) await polled;
        events += batch.count;
        source.settle?.(batch, SETTLED);
      }
      if (polls % 256 === 0) await turn();
    }
  };
  await run(performance.now() + milliseconds / 2);
  events = 0;
  const started = performance.now();
  await run(started + milliseconds);
  return (performance.now() - started) * 1e6 / events;
}

async function timeSink(sink: BatchSinkPart, size: number, milliseconds: number): Promise<number> {
  const batch = Batch.allocate({ capacity: size, arenaBytes: Math.max(1024, size * 256) });
  const payload = new Uint8Array(EVENT_BYTES).fill(0x61);
  while (batch.count < size) batch.appendBytes(payload, Date.now());
  let events = 0;
  const run = async (end: number): Promise<void> => {
    for (let writes = 1; performance.now() < end; writes++) {
      for (let inner = 0; inner < 16; inner++) {
        const written = sink.write(batch);
        if (written instanceof Promise) await written;
        events += size;
      }
      if (writes % 256 === 0) await turn();
    }
  };
  await run(performance.now() + milliseconds / 2);
  events = 0;
  const started = performance.now();
  await run(started + milliseconds);
  return (performance.now() - started) * 1e6 / events;
}

type PartOf<K> = Extract<ComponentInstance["part"], { kind: K }>;

async function builtinPart<K extends "source" | "sink">(
  kind: K,
  name: string,
  config: Record<string, unknown>,
): Promise<PartOf<K>> {
  const { part } = await launchBuiltin({
    plugin: "bench",
    component: plugin[name]!,
    provision: { kind, name, interface: `${kind}@1.0` },
    codec: "binary",
    context: { alias: "bench", instance: 1, config, signal: new AbortController().signal, log: () => {} },
  });
  return part as PartOf<K>;
}

async function timePlace(place: Place, kind: "source" | "sink", size: number, milliseconds: number): Promise<number> {
  const ring = { slots: 4, capacity: size, arenaBytes: Math.max(1024, size * 256) };
  const config = kind === "sink"
    ? {}
    : place.components.source === "blaster"
    ? { event_bytes: EVENT_BYTES, distinct: 64 }
    : { event_bytes: EVENT_BYTES, batch: size };
  const part = await place.launch(kind, config, { ring });
  try {
    return kind === "source"
      ? await timeSource((part as PartOf<"source">).source, size, milliseconds)
      : await timeSink((part as PartOf<"sink">).sink as BatchSinkPart, size, milliseconds);
  } finally {
    await openedPart(part).close();
  }
}

/** Compiles and runs `c/loop.c` with the built blaster and blackhole. */
async function timeLoop(workplace: Workplace, milliseconds: number): Promise<BoundaryResult["loop"]> {
  const program = join(workplace.folder, "loop");
  const source = fromFileUrl(new URL("./c/loop.c", import.meta.url));
  const include = fromFileUrl(new URL("../ffi/include", import.meta.url));
  const { command } = await findCompiler();
  await compile("bench/c/loop.c", command, ["-std=c11", "-O2", `-I${include}`, source, "-o", program, "-ldl"]);
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [workplace.library("blaster"), workplace.library("blackhole"), EVENT_BYTES, milliseconds, ...BATCHES].map(
      String,
    ),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const rows = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.split(" ").map(Number));
  return {
    poll: new Map(rows.map(([size, poll]) => [size!, poll!])),
    both: new Map(rows.map(([size, , both]) => [size!, both!])),
  };
}

class Samples {
  readonly #rounds = new Map<string, Map<number, number[]>>();

  add(name: string, size: number, value: number): void {
    let sizes = this.#rounds.get(name);
    if (sizes === undefined) this.#rounds.set(name, sizes = new Map());
    const values = sizes.get(size);
    if (values === undefined) sizes.set(size, [value]);
    else values.push(value);
  }

  /** Medians by batch size. */
  whole(name: string): CostByBatch {
    return new Map([...this.#rounds.get(name) ?? []].map(([size, values]) => [size, median(values)]));
  }

  /** Medians of the differences within one round. */
  less(name: string, base: string): CostByBatch {
    return new Map(
      [...this.#rounds.get(name) ?? []].map(([size, values]) => [
        size,
        median(values.map((value, round) => value - this.#rounds.get(base)!.get(size)![round]!)),
      ]),
    );
  }
}

/** Measures all isolations, interleaved, `rounds` times. */
export async function measureBoundary(
  workplace: Workplace,
  rounds: number,
  milliseconds: number,
  say: (text: string) => void,
): Promise<BoundaryResult> {
  const samples = new Samples();
  let loop: BoundaryResult["loop"] | undefined;
  for (let round = 0; round < rounds; round++) {
    loop = await timeLoop(workplace, milliseconds / 2);
    for (const size of BATCHES) {
      samples.add("loop in", size, loop.poll.get(size)!);
      samples.add("loop out", size, loop.both.get(size)! - loop.poll.get(size)!);
      const source = await builtinPart("source", "replay", { event_bytes: EVENT_BYTES, batch: size });
      samples.add("component in", size, await timeSource(source.source, size, milliseconds));
      const sink = await builtinPart("sink", "swallow", {});
      samples.add("component out", size, await timeSink(sink.sink as BatchSinkPart, size, milliseconds));
      samples.add("twin in", size, await timeSource(new ReplayTwin(regionOfSize(EVENT_BYTES)), size, milliseconds));
      for (const place of workplace.places) {
        samples.add(`${place.isolation} in`, size, await timePlace(place, "source", size, milliseconds));
        samples.add(`${place.isolation} out`, size, await timePlace(place, "sink", size, milliseconds));
      }
    }
  }
  const isolations = new Map<string, BoundaryCost>();
  for (const { isolation, components } of workplace.places) {
    const base = components.source === "blaster" ? "loop" : "component";
    const cost: BoundaryCost = {
      in: samples.less(`${isolation} in`, `${base} in`),
      out: samples.less(`${isolation} out`, `${base} out`),
      inWhole: samples.whole(`${isolation} in`),
      outWhole: samples.whole(`${isolation} out`),
    };
    isolations.set(isolation, cost);
    say(`boundary ${isolation}: in ${cost.in.get(1024)!.toFixed(1)}, out ${cost.out.get(1024)!.toFixed(1)} ns/event`);
  }
  const roundTrip = new Map<string, RoundTrip>();
  for (const place of workplace.places) {
    const trip = await timeRoundTrip(place, EVENT_BYTES, milliseconds * 4);
    roundTrip.set(place.isolation, trip);
    say(`round trip ${place.isolation}: p50 ${trip.p50.toFixed(3)} µs, p99 ${trip.p99.toFixed(3)} µs`);
  }
  return { isolations, loop: loop!, roundTrip };
}
