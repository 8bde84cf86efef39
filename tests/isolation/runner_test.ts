import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, asSink, asSource, hasRust, openNative, PLUGINS, start } from "./native_plugins.ts";
import { openRunner } from "./runner_plugins.ts";

const NONE: ReadonlyMap<number, unknown> = new Map();

Deno.test("the blaster's events come out of a runner as they come out of this process, and are settled there", async () => {
  const config = { ["event_bytes"]: 222, distinct: 16, count: 5000 };
  await using near = await openNative(`${PLUGINS}/blaster`, "blaster", config);
  await using far = await openRunner(`${PLUGINS}/blaster`, "blaster", config);
  assertEquals([far.isolation, far.level], ["runner", Deno.build.os === "linux" ? "sandbox" : "process"]);
  const payloads: Uint8Array[] = [];
  await start(asSource(near));
  const batch = Batch.allocate();
  while ((await asSource(near).poll(batch, 1024)).state !== "ended" || batch.count > 0) {
    for (let index = 0; index < batch.count; index++) payloads.push(batch.payload(index).slice());
    asSource(near).settle!(batch, NONE);
    batch.clear();
  }
  assertEquals(payloads.length, 5000);
  const source = asSource(far);
  await start(source);
  let seen = 0;
  let failed = 0;
  for (;;) {
    batch.clear();
    const { state } = await source.poll(batch, 1024);
    for (let index = 0; index < batch.count; index++) {
      assertEquals(batch.payload(index), payloads[seen]!);
      assertEquals(batch.sequence(index), seen++);
    }
    if (batch.count > 0) {
      source.settle!(batch, new Map([[0, new Error("no")]]));
      failed++;
    }
    if (state === "ended") break;
  }
  assertEquals(seen, 5000);
  for (;;) {
    const metrics = await source.metrics!() as { acked: number; failed: number };
    if (metrics.acked + metrics.failed < 5000) continue;
    assertEquals(metrics.failed, failed);
    break;
  }
});

/** Folders of the transform, in C and in Rust. */
const TRANSFORMS = [`${PLUGINS}/transform`, ...(hasRust() ? [`${PLUGINS}/transform/rust`] : [])];

for (const folder of TRANSFORMS) {
  const language = folder.endsWith("rust") ? "Rust" : "C";
  Deno.test(`a transform in ${language} makes the same bytes in a runner as the one in C in this process`, async () => {
    for (const mode of ["pass", "count"]) {
      await using near = await openNative(`${PLUGINS}/transform`, "transform", { mode });
      await using far = await openRunner(folder, language === "C" ? "transform" : "transform_rust", { mode });
      await start(asProcessor(near));
      for (const events of [1, 1000, 1024]) {
        const batch = Batch.allocate();
        for (let index = 0; index < events; index++) {
          const text = JSON.stringify({ count: index - 3, name: "x".repeat(index % 200) });
          batch.appendBytes(new TextEncoder().encode(text), index);
          batch.setSequence(index, index + 7);
        }
        const [here, there] = [Batch.allocate(), Batch.allocate()];
        await asProcessor(near).process(batch, here);
        await asProcessor(far).process(batch, there);
        assertEquals(there.count, here.count);
        for (let index = 0; index < here.count; index++) {
          assertEquals(there.payload(index), here.payload(index));
          assertEquals(there.sequence(index), here.sequence(index));
          assertEquals(there.timestampMs(index), here.timestampMs(index));
        }
      }
    }
  });
}

Deno.test("a blackhole in a runner counts every event, and its verdicts come back", async () => {
  await using far = await openRunner(`${PLUGINS}/blackhole`, "blackhole", { checksum: true, fail_every: 100 });
  const sink = asSink(far);
  await start(sink);
  const batch = Batch.allocate({ capacity: 3000, arenaBytes: 3 << 20 });
  const payload = new Uint8Array(222).fill(0x41);
  while (batch.count < 3000) batch.appendBytes(payload, 1);
  const result = await sink.write(batch);
  assert(result !== undefined);
  assertEquals(
    result.verdicts.map(({ index }) => index).toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, n) => n * 100 + 99),
  );
  const { events, bytes, failed } = await sink.metrics!();
  assertEquals([events, bytes, failed], [3000, 3000 * 222, 30]);
});

Deno.test("a runner asks for no codec: payloads arrive as the source made them", async () => {
  await using sink = await openRunner(`${PLUGINS}/blackhole`, "blackhole", {});
  await using processor = await openRunner(`${PLUGINS}/transform`, "transform", {});
  assertEquals([asSink(sink).codec, asProcessor(processor).codec], [undefined, undefined]);
});

Deno.test("writes that overlap go through in order, and each gets its own answer", async () => {
  await using far = await openRunner(`${PLUGINS}/blackhole`, "blackhole", { checksum: true, fail_every: 7 }, {
    options: { ring: { slots: 2, capacity: 64, arenaBytes: 1 << 14 } },
  });
  const sink = asSink(far);
  await start(sink);
  const batches = Array.from({ length: 12 }, (_, number) => {
    const batch = Batch.allocate({ capacity: 150 });
    for (let index = 0; index < 20 * (number % 8) + 1; index++) batch.appendBytes(Uint8Array.of(number, index), 1);
    return batch;
  });
  const results = await Promise.all(batches.map((batch) => sink.write(batch)));
  let before = 0;
  for (const [number, batch] of batches.entries()) {
    const expected = Array.from({ length: batch.count }, (_, index) => index)
      .filter((index) => (before + index) % 7 === 6);
    assertEquals((results[number]?.verdicts ?? []).map(({ index }) => index).toSorted((a, b) => a - b), expected);
    before += batch.count;
  }
  await using near = await openNative(`${PLUGINS}/blackhole`, "blackhole", { checksum: true });
  const reference = asSink(near);
  await start(reference);
  for (const batch of batches) await reference.write(batch);
  assertEquals((await sink.metrics!())["checksum"], (await reference.metrics!())["checksum"]);
});
