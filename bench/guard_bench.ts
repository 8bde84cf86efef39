/**
 * How long a guard takes until it can be used, in the sandbox: median of 15 after the first, which may write its modules.
 * `deno task offline deno run -A --no-lock bench/guard_bench.ts`
 * @module
 */
import { fromFileUrl } from "@std/path";
import { launchGuard } from "../runtime/isolation/guard.ts";

const ROUNDS = 15;
const folder = fromFileUrl(new URL("../tests/isolation/fixtures/counter", import.meta.url));

async function start(): Promise<number> {
  const before = performance.now();
  const { part, level } = await launchGuard({
    plugin: { name: "@test/counter", folder, module: `${folder}/mod.ts` },
    provision: { kind: "source", name: "counter", interface: "source@1.0" },
    permissions: {
      env: false,
      ffi: false,
      import: false,
      net: false,
      read: [folder],
      run: false,
      sys: false,
      write: false,
    },
    context: { alias: "bench/counter", instance: 1, config: {}, signal: new AbortController().signal, log: () => {} },
  });
  const took = performance.now() - before;
  if (level !== "sandbox") throw new Error(`level ${level}`);
  await (part as unknown as { source: { close(): Promise<void> } }).source.close();
  return took;
}

const first = await start();
const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) times.push(await start());
times.sort((a, b) => a - b);
const line = `guard ready: ${times[ROUNDS >> 1]!.toFixed(1)} ms (${times[0]!.toFixed(1)} to ${
  times.at(-1)!.toFixed(1)
}), the first ${first.toFixed(1)} ms\n`;
await Deno.stdout.write(new TextEncoder().encode(line));
