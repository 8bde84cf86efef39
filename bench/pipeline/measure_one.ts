/** `measure_one.ts WORKLOAD VARIANT FILE MILLISECONDS [LIBRARY_MANIFEST]`: one variant in a process of its own; JSON on stdout. */
import { dirname, join } from "@std/path";
import process from "node:process";
import { json } from "../../runtime/codec/json.ts";
import type { ProcessorPart } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { RECORD_LAYOUT } from "../../runtime/data/layout.ts";
import type { Consumer } from "../../runtime/flow/delivery.ts";
import { EventEncoder } from "../../runtime/flow/event_encoder.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { launchNative } from "../../runtime/isolation/native.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { Kernel } from "../../runtime/pipeline/kernel.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";
import { eachBatch, eachBatchNatively, lineBatch } from "./frames.ts";
import { ByteSink, LOOPS } from "./peers/loops.ts";
import { dataWorkload, pipelineWorkload, plainWorkload, type WorkloadName } from "./workloads.ts";

const [workload, variant, file, time, manifestFile] = Deno.args as [WorkloadName, string, string, string, string];

/**
 * Before it is measured: V8 compiles that long, on threads of its own, and finds out how large its young generation is to be,
 * whatever the length of the measurement.
 */
const WARM_MS = 1000;

/** Whole lines of about a mebibyte, as a source reads them. */
function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.byteLength;) {
    const end = bytes.lastIndexOf(10, Math.min(bytes.byteLength - 1, start + (1 << 20))) + 1;
    chunks.push(bytes.slice(start, end));
    start = end;
  }
  return chunks;
}

/** Processor time of this thread so far: what is left of a figure on a machine that is not quiet. */
function threadSeconds(): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/schedstat`).split(" ")[0]) / 1e9;
  } catch {
    // Only Linux tells it in a file.
    return NaN;
  }
}

/** Processor time of all threads so far. */
function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** One component of the kernel's plugin, connected. */
async function openNative(component: string, config: Record<string, unknown>): Promise<ProcessorPart> {
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const [library] = Object.values(manifest.native!.libraries!);
  const { part } = await launchNative({
    library: { file: join(dirname(manifestFile), library!.file), sha256: library!.sha256 },
    manifest,
    provision: manifest.provides.find(({ name }) => name === component)!,
    context: { alias: `bench/${component}`, instance: 1, config, signal: new AbortController().signal, log: () => {} },
  });
  if (part.kind !== "processor") throw new TypeError(part.kind);
  await part.processor.connect?.({ overall: 0, sinceLastSuccess: 0 });
  return part.processor;
}

async function openKernel(): Promise<Kernel | undefined> {
  const program = kernelProgramOf(compilePipeline(dataWorkload(workload), workload));
  if (program === undefined) return undefined;
  return new Kernel(await openNative("json_kernel", { program: program.text }), program);
}

/** Payload bytes of a whole batch; records are walked as a program in C does, without a call for each. */
function payloadBytes(batch: Batch): number {
  const { words, count } = batch;
  if (count === 0) return 0;
  const step = batch.recordStride / 4;
  const first = batch.recordAt(0) + RECORD_LAYOUT.payloadLength / 4;
  const end = first + count * step;
  let bytes = 0;
  for (let at = first; at < end; at += step) bytes += words[at]!;
  return bytes;
}

/** Caisson: the pipeline itself, fed with batches of lines, its output taken as bytes. */
async function caisson(
  chunks: readonly Uint8Array[],
  native: boolean,
): Promise<{ once(): void; sink: { bytes: number; events: number } }> {
  const taken = { bytes: 0, events: 0 };
  const consumer: Consumer = {
    push(delivery): void {
      const { batch, events } = delivery;
      if (events === undefined) {
        taken.bytes += payloadBytes(batch!);
        taken.events += batch!.count;
      } else {
        const encoder = new EventEncoder(events, json);
        for (let index = 0; index < events.length; index++) taken.bytes += encoder.bytes(index).byteLength;
        taken.events += events.length;
      }
      delivery.settlement.release();
    },
    // As a sink that writes bytes in the codec they came in.
    readsValues: () => false,
    drain: () => Promise.resolve(),
  };
  const out = new Fanout();
  out.link(consumer);
  const definition = native ? dataWorkload(workload) : pipelineWorkload(workload);
  const pipeline = new Pipeline(compilePipeline(definition, workload), {
    alias: "bench/main",
    out,
    err: new Fanout(),
    onError(error) {
      throw error;
    },
    kernel: native ? await openKernel() : undefined,
  });
  const batch = lineBatch();
  const lines = native ? await openNative("lines", {}) : undefined;
  const settled = () => {};
  const push = (full: Batch) => {
    pipeline.push({ batch: full, events: undefined, codec: json, settlement: new Settlement(settled) });
  };
  return {
    once() {
      for (const chunk of chunks) {
        if (lines === undefined) eachBatch(chunk, batch, push);
        else eachBatchNatively(chunk, lines, batch, push);
      }
    },
    sink: taken,
  };
}

const bytes = await Deno.readFile(file);
const chunks = chunksOf(bytes);
let count = 0;
for (const byte of bytes) if (byte === 10) count++;

let sink: { bytes: number; events: number };
let once: () => void | Promise<void>;
const loop = LOOPS[variant];
if (loop === undefined) {
  ({ once, sink } = await caisson(chunks, variant === "kernel"));
} else {
  const taken = new ByteSink();
  const plain = plainWorkload(workload);
  sink = taken;
  once = () => loop(chunks, plain, taken);
}
for (const end = performance.now() + WARM_MS; performance.now() < end;) await once();
const before = { ...sink };
let passes = 0;
const usedBefore = threadSeconds();
const processBefore = processSeconds();
const started = performance.now();
const end = started + Number(time);
do {
  await once();
  passes++;
} while (performance.now() < end);
const elapsed = (performance.now() - started) / 1000;
// V8 collects and compiles on threads of its own: what more than one core does is divided by the cores it kept busy.
const seconds = Math.max(elapsed, processSeconds() - processBefore);
const result = {
  eventsPerSecond: count * passes / seconds,
  eventsPerCpuSecond: count * passes / (threadSeconds() - usedBefore),
  bytes: (sink.bytes - before.bytes) / passes,
  kept: (sink.events - before.events) / passes,
};
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
Deno.exit(0);
