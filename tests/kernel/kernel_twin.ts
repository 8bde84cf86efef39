/** Runs the same events through a pipeline with the native kernel and through one without it. @module */
import { fromFileUrl } from "@std/path";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Consumer, type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { Kernel } from "../../runtime/pipeline/kernel.ts";
import type { CompiledPipeline } from "../../runtime/pipeline/compiled_pipeline.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";
import { asProcessor, type Opened, openNative, start } from "../isolation/native_plugins.ts";
import { findCxxCompiler, requireLibrary } from "../../ffi/cxx_compiler.ts";

const FOLDER = fromFileUrl(new URL("../../plugins/json_kernel", import.meta.url));

/** A native plugin takes no more at once. */
const MOST_EVENTS = 1024;

/** What a pipeline made of events, all of it as text. */
export interface Outcome {
  /** Bytes and, for what is not decoded yet, the value of each event that came out, with its time. */
  readonly out: readonly string[];
  /** Codes of the errors reported. */
  readonly errors: readonly string[];
  /** Which events were failed. */
  readonly failed: readonly number[];
  /** How often a batch was settled. */
  readonly settled: number;
  /** What the pipeline counted. */
  readonly metrics: string;
}

/** Whether the kernel can be built here. In CI it must be, and then the tests fail instead of being left out. */
export async function hasKernel(): Promise<boolean> {
  if (Deno.env.get("CI") !== undefined) return true;
  try {
    await requireLibrary(await findCxxCompiler(), "simdjson");
    return true;
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    // deno-lint-ignore no-console -- the one who runs the tests has to see it
    console.error(`\n*** the tests of the kernel DO NOT RUN: ${error.message} ***\n`);
    return false;
  }
}

/** A kernel for a definition; disposing of it closes the instance. */
export async function openKernel(
  definition: PipelineDefinition | CompiledPipeline,
): Promise<{ kernel: Kernel; opened: Opened }> {
  const program = kernelProgramOf(compiledOf(definition));
  if (program === undefined) throw new TypeError(`no kernel for ${JSON.stringify(definition)}`);
  const opened = await openNative(FOLDER, "json_kernel", { program: program.text });
  const part = asProcessor(opened);
  await start(part);
  return { kernel: new Kernel(part, program), opened };
}

/**
 * A batch of raw payloads, most of them with a line feed between them, as where
 * lines were cut: the kernel looks at such neighbours together.
 */
export function batchOf(payloads: readonly Uint8Array[]): Batch {
  const bytes = payloads.reduce((sum, payload) => sum + payload.byteLength + 1, 0);
  const batch = Batch.allocate({ capacity: Math.max(1, payloads.length), arenaBytes: bytes + 64 });
  const { arena } = batch;
  let at = 0;
  for (const [index, payload] of payloads.entries()) {
    arena.set(payload, at);
    batch.append(0, at, payload.byteLength, 1_000 + index);
    batch.setSequence(index, index);
    at += payload.byteLength;
    if (index % 37 !== 5) arena[at++] = 10;
  }
  batch.arenaUsed = at;
  batch.id = 1;
  return batch;
}

function compiledOf(definition: PipelineDefinition | CompiledPipeline): CompiledPipeline {
  return "chains" in definition ? definition : compilePipeline(definition, "test");
}

/** Pushes a batch through a pipeline; `failing`: output events, by their place, that the sink fails. */
export async function runPipeline(
  definition: PipelineDefinition | CompiledPipeline,
  payloads: readonly Uint8Array[],
  kernel?: Kernel,
  failing: readonly number[] = [],
): Promise<Outcome> {
  const out: string[] = [];
  const errors: string[] = [];
  const failed: number[] = [];
  let settled = 0;
  const decoder = new TextDecoder();
  const sink: Consumer = {
    push(delivery: Delivery): void {
      for (const event of eventsOf(delivery)) {
        if (failing.includes(out.length)) event.settlement?.fail(event.origin, new Error("refused"));
        const bytes = event.bytes(json).slice();
        // What an operator made by itself bears the time of its making.
        const time = event.timestamp < 1e9 ? event.timestamp : "now";
        out.push(`${time} ${decoder.decode(bytes)} ${Deno.inspect(event.value, { depth: 9 })}`);
      }
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  };
  const fanout = new Fanout();
  fanout.link(sink);
  const side = new Fanout();
  side.link(sink);
  const pipeline = new Pipeline(compiledOf(definition), {
    alias: "test/main",
    out: fanout,
    err: new Fanout(),
    port: () => side,
    onError: (error) => errors.push(error.code),
    kernel,
  });
  // Two batches at least: what the kernel has handed over stays known.
  const size = Math.min(Math.ceil(payloads.length / 2), MOST_EVENTS);
  for (let first = 0; first < payloads.length; first += size) {
    const part = payloads.slice(first, first + size);
    const settlement = new Settlement((failures) => {
      settled++;
      failed.push(...[...failures.keys()].sort((a, b) => a - b).map((index) => first + index));
    });
    await pipeline.push({ batch: batchOf(part), events: undefined, codec: json, settlement });
  }
  await pipeline.drain();
  pipeline.close();
  return { out, errors, failed, settled, metrics: JSON.stringify(pipeline.metrics) };
}
