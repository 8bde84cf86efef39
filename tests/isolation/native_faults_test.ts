import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { unloadCounts } from "../../ffi/library.ts";
import type { NativeCallError } from "../../ffi/native_call_error.ts";
import { blockedCalls } from "../../runtime/isolation/native_calls.ts";
import {
  asProcessor,
  asSink,
  asSource,
  type Opened,
  openNative,
  PLUGINS,
  start,
  TEST_PLUGINS,
} from "./native_plugins.ts";

const ODD = `${TEST_PLUGINS}/odd`;
const NONE: ReadonlyMap<number, unknown> = new Map();

function oddSource(mode: string): Promise<Opened> {
  return openNative(ODD, "odd_source", { mode });
}

function oddSink(mode: string, stopMs?: number): Promise<Opened> {
  return openNative(ODD, "odd_sink", { mode }, stopMs === undefined ? undefined : { stopMs });
}

function batchOf(events: number, id = 1): Batch {
  const batch = Batch.allocate({ capacity: events, arenaBytes: 64 * events });
  for (let index = 0; index < events; index++) batch.appendBytes(new Uint8Array([index]), 1);
  batch.id = id;
  return batch;
}

Deno.test("memory a source lends is seen where it is, and given back when the batch is settled", async () => {
  await using odd = await oddSource("lend");
  const source = asSource(odd);
  await start(source);
  const batch = Batch.allocate({ capacity: 4 });
  await source.poll(batch, 4);
  const payload = batch.payload(0);
  assertEquals(new TextDecoder().decode(payload), "lent to the host");
  assertEquals(source.metrics!(), { lent: 1, settled: 0, writes: 0 });
  source.settle!(batch, NONE);
  assertEquals(source.metrics!(), { lent: 0, settled: 1, writes: 0 });
  assertEquals(payload.byteLength, 0, "the view is taken away with the memory");
});

Deno.test("lent memory passes a processor without moving, and is revoked for all who saw it when its batch is settled", async () => {
  await using odd = await oddSource("lend");
  await using pass = await openNative(`${PLUGINS}/transform`, "transform", { mode: "pass" });
  await using blackhole = await openNative(`${PLUGINS}/blackhole`, "blackhole", { verify: true });
  const source = asSource(odd);
  await start(source);
  await start(asProcessor(pass));
  await start(asSink(blackhole));
  const batch = Batch.allocate({ capacity: 4 });
  const out = Batch.allocate({ capacity: 4 });
  await source.poll(batch, 4);
  const lent = batch.segmentAddress(1);
  await asProcessor(pass).process(batch, out);
  assertEquals(out.segmentAddress(out.payloadSegment(0)), lent, "the record points to what the source lent");
  assertEquals(await asSink(blackhole).write(out), undefined);
  const { owners } = await asSink(blackhole).metrics!() as { owners: { lowest: number; end: number }[] };
  assert(owners.some(({ lowest, end }) => lowest === lent && end === lent + 16), "the sink read it where it is");
  const [here, there] = [batch.payload(0), out.payload(0)];
  assertEquals(new TextDecoder().decode(there), "lent to the host");
  source.settle!(batch, NONE);
  assertEquals([here.byteLength, there.byteLength], [0, 0], "nobody can read it any more");
  assertEquals(source.metrics!(), { lent: 0, settled: 1, writes: 0 });
});

Deno.test("events a source had read when it was interrupted are delivered", async () => {
  await using odd = await oddSource("interrupted");
  const source = asSource(odd);
  await start(source);
  const batch = Batch.allocate({ capacity: 4 });
  assertEquals(await source.poll(batch, 4), { state: "filled" });
  assertEquals(new TextDecoder().decode(batch.payload(0)), "read before");
});

Deno.test("a source that is closed takes its memory from a consumer that still holds it", async () => {
  const odd = await oddSource("lend");
  await using pass = await openNative(`${PLUGINS}/transform`, "transform", { mode: "pass" });
  await start(asSource(odd));
  await start(asProcessor(pass));
  const batch = Batch.allocate({ capacity: 4 });
  const out = Batch.allocate({ capacity: 4 });
  await asSource(odd).poll(batch, 4);
  await asProcessor(pass).process(batch, out);
  const held = out.payload(0);
  assertEquals(held.byteLength, 16);
  await odd[Symbol.asyncDispose]();
  assertEquals(held.byteLength, 0);
});

Deno.test("memory lent with no event is given back at once, and that of an unsettled batch at close", async () => {
  const nothing = await oddSource("lend_nothing");
  await start(asSource(nothing));
  const batch = Batch.allocate({ capacity: 4 });
  await asSource(nothing).poll(batch, 4);
  assertEquals(asSource(nothing).metrics!(), { lent: 0, settled: 0, writes: 0 });
  await nothing[Symbol.asyncDispose]();

  const unsettled = await oddSource("lend");
  await start(asSource(unsettled));
  batch.clear();
  await asSource(unsettled).poll(batch, 4);
  const payload = batch.payload(0);
  await unsettled[Symbol.asyncDispose]();
  assertEquals(payload.byteLength, 0);
});

Deno.test("with a path-scoped --allow-ffi lent memory is copied", async () => {
  const script = new URL("./native_scoped.ts", import.meta.url).pathname;
  const cache = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-lock",
        "--allow-read",
        "--allow-write",
        "--allow-env",
        "--allow-run",
        `--allow-ffi=${cache}`,
        script,
        cache,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    assertEquals(code, 0, decode(stderr));
    assertEquals(decode(stdout), "lent to the host\n1000 events, 0 outside\n");
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

for (
  const [mode, said] of [
    ["count", "count is 5; allowed: at most 4"],
    ["segments", "segmentCount is 60000"],
    ["offset", "record[0].payloadOffset is 1+16; allowed: at most 16 in segment 1"],
    ["foreign", "segment[1] of 16 bytes at"],
    ["arena", "segment[0] of 1 bytes at"],
  ] as const
) {
  Deno.test(`a source's batch with a wrong ${mode} is refused before anyone uses it`, async () => {
    await using odd = await oddSource(mode);
    const source = asSource(odd);
    await start(source);
    const batch = Batch.allocate({ capacity: 4 });
    const error = assertThrows(() => source.poll(batch, 4), CaissonError);
    assertEquals(error.code, "CAISSON_NATIVE_BATCH");
    assertStringIncludes(error.message, said);
    assertEquals([batch.count, batch.segmentCount], [0, 1]);
  });
}

for (
  const [mode, said] of [
    ["lend", "segment[1] of 4 bytes at"],
    ["longer", "segment[0] of 4104 bytes at"],
    ["offset", "record[0].payloadOffset is 1073741824+1"],
  ] as const
) {
  Deno.test(`a processor's batch with a wrong segment (${mode}) is refused before anyone uses it`, async () => {
    await using odd = await openNative(ODD, "odd_processor", { mode });
    const processor = asProcessor(odd);
    await start(processor);
    const out = Batch.allocate({ capacity: 4 });
    const error = await assertRejects(async () => await processor.process(batchOf(1), out), CaissonError);
    assertEquals(error.code, "CAISSON_NATIVE_BATCH");
    assertStringIncludes(error.message, said);
    assertEquals([out.count, out.segmentCount], [0, 1]);
  });
}

Deno.test("a processor on a pool thread passes on, makes anew, and fails", async () => {
  await using pass = await openNative(ODD, "odd_processor", { mode: "pass" });
  await using own = await openNative(ODD, "odd_processor", { mode: "own" });
  await using fail = await openNative(ODD, "odd_processor", { mode: "fail" });
  const out = Batch.allocate({ capacity: 4 });
  for (const opened of [pass, own, fail]) await start(asProcessor(opened));
  await asProcessor(pass).process(batchOf(2), out);
  assertEquals([...out.payload(1)], [1]);
  // The batch that shared its input's segments has its own arena again.
  await asProcessor(own).process(batchOf(2), out);
  assertEquals([out.count, new TextDecoder().decode(out.payload(0))], [1, "made"]);
  const error = await assertRejects(async () => await asProcessor(fail).process(batchOf(2), out), CaissonError);
  assertEquals(error.code, "CAISSON_NATIVE_CALL");
  assertStringIncludes(error.message, "cannot be processed");
});

Deno.test("a source that has nothing, has ended, or fails without a word", async () => {
  await using again = await oddSource("again");
  await using end = await oddSource("end");
  await using silent = await oddSource("silent");
  const batch = Batch.allocate({ capacity: 4 });
  for (const opened of [again, end, silent]) await start(asSource(opened));
  assertEquals((await asSource(again).poll(batch, 4)).state, "idle");
  assertEquals((await asSource(end).poll(batch, 4)).state, "ended");
  const error = assertThrows(() => asSource(silent).poll(batch, 4), CaissonError);
  assertStringIncludes(error.message, "no message");
});

Deno.test("a sink that fails says how", async () => {
  await using odd = await oddSink("fail");
  const sink = asSink(odd);
  await start(sink);
  const error = await assertRejects(async () => await sink.write(batchOf(1)), CaissonError) as NativeCallError;
  assertEquals(error.code, "CAISSON_NATIVE_CALL");
  assertStringIncludes(error.message, "too much");
  assertEquals([error.status, error.failureClass], [-5, 2]);
});

Deno.test("verdicts by default, by overflow, and on events that are not there", async () => {
  for (const mode of ["default", "overflow"]) {
    await using odd = await oddSink(mode);
    await start(asSink(odd));
    const result = await asSink(odd).write(batchOf(3));
    assertEquals(
      result?.verdicts.map(({ index, action }) => [index, action]),
      [0, 1, 2].map((index) => mode === "default" ? [index, 2] : [index, 1]),
    );
  }
  for (const [mode, said] of [["index", "action 1 on event 2 of 2"], ["many", "3 verdicts"]] as const) {
    await using odd = await oddSink(mode);
    await start(asSink(odd));
    const error = await assertRejects(async () => await asSink(odd).write(batchOf(2)), CaissonError);
    assertEquals(error.code, "CAISSON_NATIVE_BATCH");
    assertStringIncludes(error.message, said);
  }
});

Deno.test("a batch that is pending is settled when the plugin judges it", async () => {
  await using odd = await oddSink("pending");
  const sink = asSink(odd);
  await start(sink);
  const result = await sink.write(batchOf(3, 77));
  assertEquals(result?.verdicts, [{ index: 0, action: 1, failureClass: 1, code: -100, retryAfterMs: 0 }]);
});

Deno.test("at most eight calls block a thread; the others wait for their turn", async () => {
  const opened = await Promise.all(Array.from({ length: 12 }, () => oddSink("slow")));
  try {
    await Promise.all(opened.map((odd) => start(asSink(odd))));
    const writes = opened.map((odd) => asSink(odd).write(batchOf(1)));
    assertEquals(blockedCalls(), { running: 8, waiting: 4 });
    assertEquals(await Promise.all(writes), writes.map(() => undefined));
    assertEquals(blockedCalls(), { running: 0, waiting: 0 });
  } finally {
    await Promise.all(opened.map((odd) => odd[Symbol.asyncDispose]()));
  }
});

Deno.test("a second call is refused while one is under way", async () => {
  await using odd = await oddSink("slow");
  const sink = asSink(odd);
  await start(sink);
  const writing = sink.write(batchOf(1));
  assertThrows(() => sink.write(batchOf(1)), CaissonError, "another call has not come back");
  assertEquals(sink.metrics!(), {}, "metrics are not asked for beside a call");
  await writing;
  assertEquals(sink.metrics!(), { lent: 0, settled: 0, writes: 1 });
});

Deno.test("close interrupts a call that waits", async () => {
  const odd = await oddSink("wait", 20);
  const sink = asSink(odd);
  await start(sink);
  const failed = assertRejects(async () => await sink.write(batchOf(1)), CaissonError, "interrupted");
  await odd[Symbol.asyncDispose]();
  await failed;
});

Deno.test({
  name: "a call that ignores the interrupt is reported, and the host goes on",
  // The library stays mapped for the thread that is inside of it: that is what is tested.
  sanitizeResources: false,
  async fn() {
    const odd = await oddSink("stuck", 20);
    const sink = asSink(odd);
    await start(sink);
    const writing = sink.write(batchOf(1)) as Promise<void>;
    const error = await assertRejects(() => odd[Symbol.asyncDispose](), CaissonError);
    assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
    assertEquals(blockedCalls().running, 1);
    await writing;
  },
});

Deno.test("an open that takes too long is an error, and what it opens later is closed", async () => {
  // Parked, since the instance of another test never came back.
  const released = (): number => unloadCounts().unmapped + unloadCounts().parked;
  const before = released();
  const error = await assertRejects(
    () => openNative(ODD, "odd_sink", { mode: "slow_open" }, { startMs: 50 }),
    CaissonError,
  );
  assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
  // The library is let go only after the instance was closed.
  for (let waited = 0; released() === before; waited += 10) {
    assert(waited < 10_000, "what was opened late was not closed");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

Deno.test("a start that fails can be repeated, and a stop that fails still closes", async () => {
  await using odd = await oddSink("no_start");
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = await assertRejects(() => start(asSink(odd)), CaissonError);
    assertStringIncludes(error.message, "the other side is not there");
  }
  const unstoppable = await oddSink("no_stop");
  await start(asSink(unstoppable));
  await assertRejects(() => unstoppable[Symbol.asyncDispose](), CaissonError, "could not stop");
});

Deno.test("metrics that are no JSON are an error", async () => {
  await using odd = await oddSink("bad_metrics");
  const error = assertThrows(() => asSink(odd).metrics!(), CaissonError);
  assertEquals(error.code, "CAISSON_PLUGIN_PROTOCOL");
});

Deno.test("a source that is closed under load leaves nothing behind", async () => {
  const batches = Array.from({ length: 8 }, () => Batch.allocate({ capacity: 256 }));
  for (let round = 0; round < 20; round++) {
    const odd = await oddSource("lend");
    const source = asSource(odd);
    await start(source);
    for (const batch of batches) {
      batch.clear();
      await source.poll(batch, 256);
    }
    for (const batch of batches.slice(0, 4)) source.settle!(batch, NONE);
    await odd[Symbol.asyncDispose]();
    // A settlement that comes late finds the instance closed, and calls nothing.
    for (const batch of batches.slice(4)) source.settle!(batch, NONE);
  }
  assert(batches.every((batch) => batch.resolveSegment === undefined));
});
