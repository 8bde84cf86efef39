/**
 * `extism.ts EVENT_BYTES MILLISECONDS BATCH…`: a batch of events handed to an Extism plugin in this thread, as JSON on stdout.
 *
 * The plugin is written out here: its `count` adds up the first byte of each event, 222 bytes apart, as the other peers do.
 */
import createPlugin from "@extism/extism";

const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
const section = (id: number, body: readonly number[]): number[] => [id, body.length, ...body];
// i64 at = 0, end; i32 sum: end = input_length(); do { sum += input_load_u8(at); at += 222; } while (at < end); return 0
const body = [
  ...[2, 2, 0x7e, 1, 0x7f],
  ...[0x10, 0, 0x21, 1],
  ...[0x03, 0x40],
  ...[0x20, 0, 0x10, 1, 0x20, 2, 0x6a, 0x21, 2],
  ...[0x20, 0, 0x42, 0xde, 0x01, 0x7c, 0x22, 0, 0x20, 1, 0x54, 0x0d, 0],
  ...[0x0b, 0x41, 0, 0x0b],
];
const module = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // Types: () -> i64, (i64) -> i32, () -> i32.
  ...section(1, [3, 0x60, 0, 1, 0x7e, 0x60, 1, 0x7e, 1, 0x7f, 0x60, 0, 1, 0x7f]),
  ...section(2, [
    2,
    ...[...name("extism:host/env"), ...name("input_length"), 0, 0],
    ...[...name("extism:host/env"), ...name("input_load_u8"), 0, 1],
  ]),
  ...section(3, [1, 2]),
  ...section(7, [1, ...name("count"), 0, 2]),
  ...section(10, [
    ...[1, body.length],
    ...body,
  ]),
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
