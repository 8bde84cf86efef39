/**
 * What the sandbox costs: starting a runner with and without it, and batches through both, side by side, medians of 15.
 * `deno task offline deno run -A --no-lock bench/sandbox_bench.ts`
 * @module
 */
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../ffi/build.ts";
import type { ProcessorPart } from "../runtime/connector/contract.ts";
import { Batch } from "../runtime/data/batch.ts";
import { launchRunner } from "../runtime/isolation/runner.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";

const ROUNDS = 15;
const folder = fromFileUrl(new URL("../plugins/transform", import.meta.url));
const { manifestFile, library, sha256 } = await buildPlugin({ folder });
const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;

async function open(sandbox: boolean): Promise<ProcessorPart> {
  const { part } = await launchRunner({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides[0]!,
    permissions: sandbox ? () => ({ net: false, read: false, write: false }) : undefined,
    context: { alias: "bench/transform", instance: 1, config: {}, signal: new AbortController().signal, log: () => {} },
  });
  return (part as unknown as { processor: ProcessorPart }).processor;
}

async function start(sandbox: boolean): Promise<number> {
  const before = performance.now();
  const processor = await open(sandbox);
  const took = performance.now() - before;
  await processor.close();
  return took;
}

const times: Record<"with" | "without", number[]> = { with: [], without: [] };
for (let round = -2; round < ROUNDS; round++) {
  for (const how of ["with", "without"] as const) {
    const took = await start(how === "with");
    if (round >= 0) times[how].push(took);
  }
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
const [sandboxed, bare] = [median(times.with), median(times.without)];
const line = `runner ready: ${bare.toFixed(1)} ms without, ${sandboxed.toFixed(1)} ms with the sandbox, ` +
  `${(sandboxed - bare).toFixed(1)} ms more\n`;
await Deno.stdout.write(new TextEncoder().encode(line));

/** Microseconds of one trip of a batch to a runner and back, the mean of several. */
async function trip(processor: ProcessorPart, batch: Batch, out: Batch, times: number): Promise<number> {
  const before = performance.now();
  for (let time = 0; time < times; time++) {
    out.clear();
    await processor.process(batch, out);
  }
  return (performance.now() - before) * 1000 / times;
}

const processors = { with: await open(true), without: await open(false) };
const out = Batch.allocate();
for (const [events, times] of [[1, 2000], [1024, 200]] as const) {
  const batch = Batch.allocate();
  for (let index = 0; index < events; index++) batch.appendBytes(new Uint8Array(222), 1);
  const took: Record<"with" | "without", number[]> = { with: [], without: [] };
  for (let round = -2; round < ROUNDS; round++) {
    for (const how of ["with", "without"] as const) {
      const each = await trip(processors[how], batch, out, times);
      if (round >= 0) took[how].push(each);
    }
  }
  const [inside, outside] = [median(took.with), median(took.without)];
  const text =
    `${events} events there and back: ${outside.toFixed(1)} µs without, ${inside.toFixed(1)} µs with the sandbox, ` +
    `ratio ${(inside / outside).toFixed(2)}\n`;
  await Deno.stdout.write(new TextEncoder().encode(text));
}
for (const processor of Object.values(processors)) await processor.close();
