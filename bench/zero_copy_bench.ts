/**
 * What an event costs on its way through native plugins, by size of its payload: with no copy anywhere it costs the same.
 *
 *   deno run -A bench/zero_copy_bench.ts
 *
 * Prints nanoseconds an event, medians of 5 interleaved runs.
 * @module
 */
// deno-lint-ignore-file no-console -- a benchmark prints
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../ffi/build.ts";
import type { BatchSinkPart, ComponentInstance, ProcessorPart, SourcePart } from "../runtime/connector/contract.ts";
import { Batch } from "../runtime/data/batch.ts";
import { launchNative } from "../runtime/isolation/native.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";

const EVENTS = 2_000_000;
const BATCH = 1024;
const RUNS = 5;
const SIZES = [64, 1024, 65_536];
const SETTLED: ReadonlyMap<number, unknown> = new Map();

async function open(plugin: string, config: Readonly<Record<string, unknown>>): Promise<ComponentInstance["part"]> {
  const folder = fromFileUrl(new URL(`../plugins/${plugin}`, import.meta.url));
  const { manifestFile, library, sha256 } = await buildPlugin({ folder });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const { part } = await launchNative({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides[0]!,
    context: { alias: plugin, instance: 1, config, signal: new AbortController().signal, log: () => {} },
  });
  const opened = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
  await opened.connect?.({ overall: 0, sinceLastSuccess: 0 });
  return part;
}

/** Nanoseconds an event from blaster to blackhole. */
async function run(eventBytes: number, throughTransform: boolean): Promise<number> {
  // As much memory for every size, so that the caches are in the same state.
  const blaster = await open("blaster", { event_bytes: eventBytes, distinct: (64 << 20) / eventBytes, count: EVENTS });
  const transform = throughTransform ? await open("transform", {}) : undefined;
  const blackhole = await open("blackhole", { verify: true });
  const source = (blaster as { source: SourcePart }).source;
  const sink = (blackhole as { sink: BatchSinkPart }).sink;
  const processor = (transform as { processor: ProcessorPart } | undefined)?.processor;
  const batch = Batch.allocate({ capacity: BATCH, arenaBytes: 0 });
  const out = Batch.allocate({ capacity: BATCH, arenaBytes: 0 });
  const started = performance.now();
  for (let state = "filled"; state !== "ended";) {
    batch.clear();
    const polled = source.poll(batch, BATCH);
    ({ state } = polled instanceof Promise ? await polled : polled);
    if (processor === undefined) {
      sink.write(batch);
    } else {
      processor.process(batch, out);
      sink.write(out);
    }
    source.settle?.(batch, SETTLED);
  }
  const elapsed = performance.now() - started;
  for (const part of [source, processor, sink]) await part?.close();
  return elapsed * 1e6 / EVENTS;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

const results = new Map<string, number[]>();
for (let round = 0; round <= RUNS; round++) {
  for (const path of ["blaster → blackhole", "blaster → transform → blackhole"]) {
    for (const size of SIZES) {
      const nanoseconds = await run(size, path.includes("transform"));
      const key = `${path}, ${size} B`;
      // The first round warms up.
      if (round > 0) results.set(key, [...results.get(key) ?? [], nanoseconds]);
    }
  }
}
for (const [key, values] of results) console.log(`${key.padEnd(46)} ${median(values).toFixed(1).padStart(7)} ns/event`);
