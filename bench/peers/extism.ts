/**
 * `extism.ts EVENT_BYTES MILLISECONDS BATCH…`: a batch of events handed to an Extism plugin in this thread, as JSON on stdout.
 *
 * The plugin is written out here: its `count` takes the input's length and returns. Extism copies the input into its own
 * memory, which is the boundary; a plugin that also looked at it would only cost more.
 */
import createPlugin from "@extism/extism";

// (module (import "extism:host/env" "length"/"input_length" (func (result i64))) (func (export "count") (result i32) call 0 drop i32.const 0))
const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
const section = (id: number, body: readonly number[]): number[] => [id, body.length, ...body];
const module = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [2, 0x60, 0, 1, 0x7e, 0x60, 0, 1, 0x7f]),
  ...section(2, [1, ...name("extism:host/env"), ...name("input_length"), 0x00, 0]),
  ...section(3, [1, 1]),
  ...section(7, [1, ...name("count"), 0x00, 1]),
  ...section(10, [1, 7, 0, 0x10, 0, 0x1a, 0x41, 0, 0x0b]),
]);

const [eventBytes, milliseconds, ...sizes] = Deno.args.map(Number) as [number, number, ...number[]];
const costs: Record<string, number> = {};
for (const size of sizes) {
  const batch = new Uint8Array(size * eventBytes).fill(0x61);
  const plugin = await createPlugin({ wasm: [{ data: module }] }, { useWasi: false, runInWorker: false });
  let batches = 0;
  const started = performance.now();
  for (; performance.now() - started < milliseconds; batches++) {
    await plugin.call("count", batch);
    // Without it version 1.0.3 fails after 16,383 calls.
    if (batches % 4096 === 4095) await plugin.reset();
  }
  costs[size] = (performance.now() - started) * 1e6 / (batches * size);
  await plugin.close();
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(costs)));
