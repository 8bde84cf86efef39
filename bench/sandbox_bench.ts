/**
 * What the sandbox costs: starting a runner with and without it, side by side, medians of 15.
 * `deno task offline deno run -A --no-lock bench/sandbox_bench.ts`
 * @module
 */
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../ffi/build.ts";
import { launchRunner } from "../runtime/isolation/runner.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";

const ROUNDS = 15;
const folder = fromFileUrl(new URL("../plugins/transform", import.meta.url));
const { manifestFile, library, sha256 } = await buildPlugin({ folder });
const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;

async function start(sandbox: boolean): Promise<number> {
  const before = performance.now();
  const { part } = await launchRunner({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides[0]!,
    permissions: sandbox ? () => ({ net: false, read: false, write: false }) : undefined,
    context: { alias: "bench/transform", instance: 1, config: {}, signal: new AbortController().signal, log: () => {} },
  });
  const took = performance.now() - before;
  if (part.kind === "processor") await part.processor.close();
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
