/**
 * What a batch costs on its way between the host and a runner: `deno bench -A bench/runner_bench.ts`.
 *
 * One iteration of "1024 events" is 1024 × 222 bytes: divide by 1024 for an event.
 * @module
 */
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../ffi/build.ts";
import type { BatchSinkPart, ComponentInstance, ProcessorPart, SourcePart } from "../runtime/connector/contract.ts";
import { Batch } from "../runtime/data/batch.ts";
import { launchRunner } from "../runtime/isolation/runner.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";

const NONE: ReadonlyMap<number, unknown> = new Map();

async function open(name: string, config: Readonly<Record<string, unknown>>): Promise<ComponentInstance["part"]> {
  const folder = fromFileUrl(new URL(`../plugins/${name}`, import.meta.url));
  const { manifestFile, library, sha256 } = await buildPlugin({ folder });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const { part } = await launchRunner({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides[0]!,
    context: { alias: `bench/${name}`, instance: 1, config, signal: new AbortController().signal, log: () => {} },
  });
  return part;
}

const attempt = { overall: 0, sinceLastSuccess: 0 };
const source = (await open("blaster", { event_bytes: 222 }) as unknown as { source: SourcePart }).source;
const sink = (await open("blackhole", {}) as unknown as { sink: BatchSinkPart }).sink;
const processor = (await open("transform", { mode: "pass" }) as unknown as { processor: ProcessorPart }).processor;
await source.connect!(attempt);
await sink.connect!(attempt);

const payload = new Uint8Array(222).fill(0x41);
const one = Batch.allocate();
one.appendBytes(payload, 1);
const full = Batch.allocate();
while (full.count < full.capacity && full.appendBytes(payload, 1));
const out = Batch.allocate();
const filled = Batch.allocate();

Deno.bench("round trip of one event of 222 bytes", { group: "runner" }, async () => {
  out.clear();
  await processor.process(one, out);
});

Deno.bench("1024 events from a runner, copied and checked", { group: "runner" }, async () => {
  filled.clear();
  while (filled.count === 0) {
    const polled = source.poll(filled, 1024);
    if (polled instanceof Promise) await polled;
  }
  source.settle!(filled, NONE);
});

Deno.bench("1024 events to a runner, written and answered", { group: "runner" }, async () => {
  await sink.write(full);
});
