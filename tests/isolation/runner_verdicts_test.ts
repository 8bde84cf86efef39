import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { asProcessor, asSink, asSource, type Opened, PLUGINS, start, TEST_PLUGINS } from "./native_plugins.ts";
import { openRunner } from "./runner_plugins.ts";

function odd(kind: string, mode: string): Promise<Opened> {
  return openRunner(`${TEST_PLUGINS}/odd`, `odd_${kind}`, { mode });
}

function batchOf(events: number): Batch {
  const batch = Batch.allocate();
  for (let index = 0; index < events; index++) batch.appendBytes(new Uint8Array([65 + index]), 1);
  return batch;
}

Deno.test("a default verdict and an overflow reach the host event by event", async () => {
  for (const [mode, action] of [["default", 2], ["overflow", 1]] as const) {
    await using opened = await odd("sink", mode);
    await start(asSink(opened));
    const result = await asSink(opened).write(batchOf(3));
    assertEquals(
      result!.verdicts.map(({ index, action }) => [index, action]),
      [0, 1, 2].map((index) => [index, action]),
    );
  }
});

Deno.test("verdicts that are not possible fail the batch, and the process goes on", async () => {
  for (
    const [mode, said] of [["index", "action 1, class 0 on event 2 of 2"], ["many", "verdicts on 2 events"]] as const
  ) {
    await using opened = await odd("sink", mode);
    const sink = asSink(opened);
    await start(sink);
    const error = await assertRejects(async () => await sink.write(batchOf(2)), CaissonError);
    assertEquals(error.code, "CAISSON_NATIVE_BATCH");
    assertStringIncludes(error.message, said);
    assertEquals((await sink.metrics!())["writes"], 1);
  }
});

Deno.test("a batch that is pending is answered when the plugin judges it", async () => {
  await using opened = await odd("sink", "pending");
  const sink = asSink(opened);
  await start(sink);
  for (let turn = 0; turn < 3; turn++) {
    const result = await sink.write(batchOf(4));
    assertEquals(result!.verdicts.map(({ index, code }) => [index, code]), [[0, -100]]);
  }
});

Deno.test("memory a source lends is copied into the slot and given back, its batch settled", async () => {
  await using opened = await odd("source", "lend");
  const source = asSource(opened);
  await start(source);
  const batch = Batch.allocate({ capacity: 4 });
  while (batch.count === 0) await source.poll(batch, 4);
  assertEquals(new TextDecoder().decode(batch.payload(0)), "lent to the host");
  source.settle!(batch, new Map());
  for (let settled = 0; settled < 1;) {
    const metrics = await source.metrics!() as { lent: number; settled: number };
    settled = metrics.settled;
    assertEquals(metrics.lent, 0);
  }
});

for (
  const [mode, said] of [
    ["segments", "segment_count is 60000"],
    ["offset", "record[0].payload_offset is 1+16; allowed: at most 16 in segment 1"],
    ["foreign", "segment[1] of 16 bytes at"],
  ] as const
) {
  Deno.test(`a source's batch with a wrong ${mode} is refused in the runner`, async () => {
    await using opened = await odd("source", mode);
    const source = asSource(opened);
    await start(source);
    const batch = Batch.allocate({ capacity: 4 });
    const error = await assertRejects(async () => {
      for (;;) await source.poll(batch, 4);
    }, CaissonError);
    assertEquals(error.code, "CAISSON_NATIVE_BATCH");
    assertStringIncludes(error.message, said);
  });
}

for (
  const [mode, code] of [["lend", "CAISSON_NATIVE_BATCH"], ["longer", "CAISSON_NATIVE_BATCH"], [
    "fail",
    "CAISSON_NATIVE_CALL",
  ]]
) {
  Deno.test(`a processor's batch that went wrong (${mode}) fails its input and nothing else`, async () => {
    await using opened = await odd("processor", mode!);
    const out = Batch.allocate();
    const error = await assertRejects(async () => await asProcessor(opened).process(batchOf(1), out), CaissonError);
    assertEquals([error.code, out.count], [code, 0]);
  });
}

Deno.test("a processor may make events of its own", async () => {
  await using opened = await odd("processor", "own");
  const out = Batch.allocate();
  await asProcessor(opened).process(batchOf(1), out);
  assertEquals(new TextDecoder().decode(out.payload(0)), "made");
});

Deno.test("batches that were handed on in pieces and settled backwards are told exactly", async () => {
  await using opened = await openRunner(`${PLUGINS}/blaster`, "blaster", { event_bytes: 3000, count: 2500 });
  const source = asSource(opened);
  await start(source);
  const pieces: Batch[] = [];
  for (let state = ""; state !== "ended";) {
    const batch = Batch.allocate({ capacity: 100, arenaBytes: 1 << 19 });
    ({ state } = await source.poll(batch, 100));
    if (batch.count > 0) pieces.push(batch);
  }
  assert(pieces.length > 25, "slots of 349 events in pieces of 100");
  for (const batch of pieces.reverse()) source.settle!(batch, new Map([[batch.count - 1, new Error("no")]]));
  const until = performance.now() + 5000;
  for (;;) {
    const { acked, failed } = await source.metrics!() as { acked: number; failed: number };
    if (acked + failed === 2500) {
      assertEquals(failed, pieces.length);
      break;
    }
    assert(performance.now() < until, `${acked} acked, ${failed} failed`);
  }
});

Deno.test("a source that is stopped amid a batch hands the rest of it on", async () => {
  const stop = new AbortController();
  await using opened = await openRunner(`${PLUGINS}/blaster`, "blaster", { event_bytes: 1000, count: 1_000_000 }, {
    signal: stop.signal,
    options: { ring: { slots: 2, capacity: 64, arenaBytes: 1 << 14 } },
  });
  const source = asSource(opened);
  await start(source);
  const batch = Batch.allocate();
  let seen = 0;
  const take = async () => {
    batch.clear();
    await source.poll(batch, 64);
    for (let index = 0; index < batch.count; index++) assertEquals(batch.sequence(index), seen++);
  };
  while (seen === 0) await take();
  stop.abort();
  // Answered behind the stop, while the ring is full: the rest of the batch is still in the runner.
  await source.finishReading!();
  let finished = false;
  const finishing = source.finishReading!().then(() => finished = true);
  while (!finished) {
    await take();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await finishing;
  do await take(); while (batch.count > 0);
  assertEquals(seen % 64, 0, `${seen} events came out of batches of 64`);
});

Deno.test("an event larger than a slot is dropped with a line in the log, and settled as failed", async () => {
  const log: string[] = [];
  await using opened = await openRunner(`${PLUGINS}/blaster`, "blaster", { event_bytes: 5000, count: 3 }, {
    log: (line) => log.push(line),
    options: { ring: { slots: 2, capacity: 8, arenaBytes: 4096 } },
  });
  const source = asSource(opened);
  await start(source);
  const batch = Batch.allocate();
  for (let state = ""; state !== "ended";) ({ state } = await source.poll(batch, 8));
  const { failed } = await source.metrics!() as { failed: number };
  assertEquals([batch.count, failed], [0, 3]);
  assertStringIncludes(log.join("\n"), "an event of 5000 bytes was dropped: a batch holds 4096 bytes");
});
