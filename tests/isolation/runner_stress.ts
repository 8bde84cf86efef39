/** Batches between the host and a runner where both sides pause at random. @module */
import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, asSink, asSource, start, TEST_PLUGINS } from "./native_plugins.ts";
import { openRunner } from "./runner_plugins.ts";

const CRASHING = `${TEST_PLUGINS}/crashing`;
/** Small slots, so that a batch of the host takes many. */
const RING = { slots: 4, capacity: 4, arenaBytes: 256 };
const NONE: ReadonlyMap<number, unknown> = new Map();

/** Lets time pass in one of 2000 cases: none, one turn of the event loop, or up to 2 ms. */
async function pause(): Promise<void> {
  const chance = Math.random() * 2000;
  if (chance < 1) await new Promise((resolve) => setTimeout(resolve, 2 * chance));
}

/** Takes `batches` batches of one event from a source; each has to be the next, and be settled once. */
export async function stressSource(batches: number): Promise<void> {
  await using opened = await openRunner(CRASHING, "crashing_source", { mode: "pause" }, { options: { ring: RING } });
  const source = asSource(opened);
  await start(source);
  const batch = Batch.allocate({ capacity: 4, arenaBytes: 256 });
  for (let next = 0; next < batches;) {
    batch.clear();
    const polled = source.poll(batch, 4);
    if (polled instanceof Promise) await polled;
    for (let index = 0; index < batch.count; index++) {
      if (batch.sequence(index) !== next++) assertEquals(batch.sequence(index), next - 1);
    }
    if (batch.count > 0) source.settle!(batch, NONE);
    await pause();
  }
  const until = performance.now() + 5000;
  for (;;) {
    const { settled } = await source.metrics!() as { settled: number };
    if (settled >= batches) break;
    assert(performance.now() < until, `${settled} of ${batches} batches were settled`);
    // What did not fit the ring of settlements goes with the next poll.
    batch.clear();
    await source.poll(batch, 4);
  }
}

/** Writes `batches` slots of four events; the plugin has to see each event once, in order. */
export async function stressSink(batches: number): Promise<void> {
  await using opened = await openRunner(CRASHING, "crashing_sink", { mode: "pause" }, { options: { ring: RING } });
  const sink = asSink(opened);
  await start(sink);
  const batch = Batch.allocate({ capacity: 4096, arenaBytes: 1 << 16 });
  const payload = new Uint8Array(8);
  let events = 0;
  for (let done = 0; done < batches; done += 1024) {
    batch.clear();
    for (let index = 0; index < 4096; index++) {
      batch.appendBytes(payload, 1);
      batch.setSequence(index, events++);
    }
    assertEquals(await sink.write(batch), undefined);
    await pause();
  }
  const { events: seen, disordered } = await sink.metrics!();
  assertEquals([seen, disordered], [events, 0]);
}

/** Sends `batches` batches through a processor and back, one at a time. */
export async function stressProcessor(batches: number): Promise<void> {
  await using opened = await openRunner(CRASHING, "crashing_processor", { mode: "pause" }, { options: { ring: RING } });
  const processor = asProcessor(opened);
  const batch = Batch.allocate({ capacity: 4, arenaBytes: 256 });
  const out = Batch.allocate({ capacity: 4, arenaBytes: 256 });
  const payload = new Uint8Array(8);
  const number = new DataView(payload.buffer);
  for (let done = 0; done < batches; done++) {
    number.setFloat64(0, done);
    batch.clear();
    out.clear();
    batch.appendBytes(payload, 1);
    await processor.process(batch, out);
    const bytes = out.payload(0);
    if (new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0) !== done) assertEquals(bytes, payload);
    await pause();
  }
}
