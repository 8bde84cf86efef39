/** Run under a path-scoped --allow-ffi: what native_faults_test.ts looks at is what it prints. @module */
import { buildPlugin } from "../../ffi/build.ts";
import type { SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { launchNative } from "../../runtime/isolation/native.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { PLUGINS, start, TEST_PLUGINS } from "./native_plugins.ts";

async function open(folder: string, name: string, config: Record<string, unknown>): Promise<SourcePart | SinkPart> {
  const cacheFolder = Deno.args[0]!;
  const { manifestFile, library, sha256 } = await buildPlugin({ folder, cacheFolder });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const { part } = await launchNative({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides.find((provision) => provision.name === name)!,
    context: { alias: name, instance: 1, config, signal: new AbortController().signal, log: () => {} },
    cacheFolder,
  });
  const opened = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : undefined;
  await start(opened!);
  return opened!;
}

const lender = await open(`${TEST_PLUGINS}/odd`, "odd_source", { mode: "lend" }) as SourcePart;
const batch = Batch.allocate({ capacity: 1000 });
await lender.poll(batch, 1);
await Deno.stdout.write(batch.payload(0));
lender.settle!(batch, new Map());

const blaster = await open(`${PLUGINS}/blaster`, "blaster", { event_bytes: 100, count: 1000 }) as SourcePart;
const blackhole = await open(`${PLUGINS}/blackhole`, "blackhole", { verify: true }) as SinkPart;
batch.clear();
await blaster.poll(batch, 1000);
if (blackhole.accepts === "batches") await blackhole.write(batch);
const { events, outside } = await blackhole.metrics!() as { events: number; outside: number };
await Deno.stdout.write(new TextEncoder().encode(`\n${events} events, ${outside} outside\n`));
for (const part of [lender, blaster, blackhole]) await part.close();
