/** Loads a native plugin, lets it work, and unloads it, again and again. @module */
import { assert, assertEquals } from "@std/assert";
import { buildPlugin } from "../../ffi/build.ts";
import { unloadCounts } from "../../ffi/library.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, asSource, openNative, PLUGINS, start } from "./native_plugins.ts";

/** What was found. */
export interface CycleReport {
  /** Loads and unloads. */
  readonly cycles: number;
  /** Physical memory after the first tenth, and at the end, bytes. */
  readonly residentAfterWarmUp: number;
  readonly residentAtEnd: number;
  /** Mappings of this process after the first tenth, and at the end. */
  readonly mappingsAfterWarmUp: number;
  readonly mappingsAtEnd: number;
}

/** How many mappings there are in all, and whether one is of a library with this digest. */
async function mappings(sha256: string): Promise<{ readonly count: number; readonly found: boolean }> {
  const text = await Deno.readTextFile("/proc/self/maps");
  return { count: text.split("\n").length, found: text.includes(sha256) };
}

/** One life: a source fills a batch that it lends, and has it back; a processor passes it on. */
async function live(batch: Batch, out: Batch): Promise<void> {
  await using blaster = await openNative(`${PLUGINS}/blaster`, "blaster", { event_bytes: 100, count: 8 });
  await using transform = await openNative(`${PLUGINS}/transform`, "transform", { mode: "pass" });
  const source = asSource(blaster);
  const processor = asProcessor(transform);
  await start(source);
  await start(processor);
  batch.clear();
  out.clear();
  await source.poll(batch, 8);
  await processor.process(batch, out);
  assertEquals(out.count, 8);
  source.settle!(batch, new Map());
}

/** Physical memory, after what nobody refers to was collected where V8 lets us. */
function resident(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().rss;
}

/** Runs `cycles` lives; nothing may be mapped afterwards that was not before. */
export async function loadCycles(cycles: number): Promise<CycleReport> {
  const { sha256 } = await buildPlugin({ folder: `${PLUGINS}/blaster` });
  const batch = Batch.allocate({ capacity: 8, arenaBytes: 4096 });
  const out = Batch.allocate({ capacity: 8, arenaBytes: 4096 });
  const unmapped = unloadCounts().unmapped;
  const warmUp = Math.ceil(cycles / 10);
  for (let cycle = 0; cycle < warmUp; cycle++) await live(batch, out);
  const residentAfterWarmUp = resident();
  const before = await mappings(sha256);
  for (let cycle = warmUp; cycle < cycles; cycle++) await live(batch, out);
  const after = await mappings(sha256);
  assert(!after.found, "a mapping of the plugin is left");
  assertEquals(unloadCounts().unmapped - unmapped, cycles * 2);
  return {
    cycles,
    residentAfterWarmUp,
    residentAtEnd: resident(),
    mappingsAfterWarmUp: before.count,
    mappingsAtEnd: after.count,
  };
}

/** The same in a process of its own: under `deno test` the sanitizers keep a trace of every operation. */
export async function loadCyclesAlone(cycles: number): Promise<CycleReport> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", "-A", "--v8-flags=--expose-gc", import.meta.url, String(cycles)],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert(success, "the process of the cycles failed");
  return JSON.parse(new TextDecoder().decode(stdout)) as CycleReport;
}

if (import.meta.main) {
  // deno-lint-ignore no-console -- how it reports
  console.log(JSON.stringify(await loadCycles(Number(Deno.args[0]))));
}
