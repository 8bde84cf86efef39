/** `comlink.ts EVENT_BYTES MILLISECONDS BATCH…`: a batch of events handed to a Worker through comlink, as JSON on stdout. */
import { transfer, wrap } from "comlink";

interface Work {
  take(batch: Uint8Array, eventBytes: number): number;
}

const [eventBytes, milliseconds, ...sizes] = Deno.args.map(Number) as [number, number, ...number[]];
// deno-lint-ignore caisson/worker-in-one-place -- the peer as its users have it, in a process of its own
const worker = new Worker(import.meta.resolve("./comlink_worker.ts"), { type: "module" });
const work = wrap<Work>(worker);
const costs: Record<string, number> = {};
for (const size of sizes) {
  const once = (): Promise<number> => {
    const batch = new Uint8Array(size * eventBytes).fill(0x61);
    return work.take(transfer(batch, [batch.buffer]), eventBytes);
  };
  for (let warm = 0; warm < 20; warm++) await once();
  let batches = 0;
  const started = performance.now();
  for (; performance.now() - started < milliseconds; batches++) await once();
  costs[size] = (performance.now() - started) * 1e6 / (batches * size);
}
worker.terminate();
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(costs)));
