import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, asSink, asSource, hasRust, openNative, PLUGINS, start, TEST_PLUGINS } from "./native_plugins.ts";

interface BlackholeMetrics {
  readonly events: number;
  readonly bytes: number;
  readonly outside: number;
  readonly owners: readonly { owner: number; events: number; lowest: number; end: number }[];
}

interface BlasterMetrics {
  readonly emitted: number;
  readonly acked: number;
  readonly failed: number;
  readonly memory: { base: number; length: number; lent: boolean };
}

const NONE: ReadonlyMap<number, unknown> = new Map();

function batchOf(texts: readonly string[]): Batch {
  const batch = Batch.allocate({ capacity: Math.max(1, texts.length), arenaBytes: 4096 });
  const encoder = new TextEncoder();
  for (const text of texts) assert(batch.appendBytes(encoder.encode(text), 1));
  batch.id = 1;
  return batch;
}

function payloads(batch: Batch): string[] {
  const decoder = new TextDecoder();
  return Array.from({ length: batch.count }, (_, index) => decoder.decode(batch.payload(index)));
}

Deno.test("a million events reach blackhole without leaving blaster's memory", async () => {
  for (const eventBytes of [64, 65_536]) {
    await using blaster = await openNative(`${PLUGINS}/blaster`, "blaster", {
      event_bytes: eventBytes,
      distinct: 16,
      count: 1_000_000,
    });
    await using blackhole = await openNative(`${PLUGINS}/blackhole`, "blackhole", { verify: true });
    const source = asSource(blaster);
    const sink = asSink(blackhole);
    await start(source);
    await start(sink);
    const batch = Batch.allocate({ capacity: 1024, arenaBytes: 0 });
    for (let state = "filled"; state !== "ended";) {
      batch.clear();
      ({ state } = await source.poll(batch, 1024));
      assertEquals(await sink.write(batch), undefined);
      source.settle!(batch, NONE);
    }
    const { memory, ...sent } = await source.metrics!() as unknown as BlasterMetrics;
    const seen = await sink.metrics!() as unknown as BlackholeMetrics;
    assertEquals(sent.emitted, 1_000_000);
    assertEquals(sent.acked, 1_000_000);
    assertEquals([seen.events, seen.outside, seen.bytes], [1_000_000, 0, 1_000_000 * eventBytes]);
    assertEquals(seen.owners.length, 1);
    const [owner] = seen.owners;
    assertEquals(owner!.events, 1_000_000);
    // The very first and the very last byte of what blaster keeps: not a byte of it was anywhere else.
    assertEquals(owner!.lowest, memory.base);
    assert(owner!.end <= memory.base + memory.length);
    assert(owner!.end > memory.base + memory.length - 65_536);
    assertEquals(memory.lent, false);
  }
});

Deno.test("transform passes events on by record, and their payloads stay where blaster has them", async () => {
  await using blaster = await openNative(`${PLUGINS}/blaster`, "blaster", {
    event_bytes: 100,
    distinct: 5,
    count: 3000,
  });
  await using transform = await openNative(`${PLUGINS}/transform`, "transform", {});
  await using blackhole = await openNative(`${PLUGINS}/blackhole`, "blackhole", { verify: true });
  const source = asSource(blaster);
  const processor = asProcessor(transform);
  const sink = asSink(blackhole);
  await Promise.all([start(source), start(processor), start(sink)]);
  const batch = Batch.allocate({ capacity: 256 });
  const out = Batch.allocate({ capacity: 256 });
  for (let state = "filled"; state !== "ended";) {
    batch.clear();
    ({ state } = await source.poll(batch, 256));
    await processor.process(batch, out);
    assertEquals(out.count, batch.count);
    assertEquals(payloads(out), payloads(batch));
    await sink.write(out);
    source.settle!(batch, NONE);
  }
  const { memory } = await source.metrics!() as unknown as BlasterMetrics;
  const { outside, events, owners } = await sink.metrics!() as unknown as BlackholeMetrics;
  assertEquals([events, outside, owners.length], [3000, 0, 1]);
  assert(owners[0]!.lowest >= memory.base && owners[0]!.end <= memory.base + memory.length);
});

Deno.test("blackhole sees payloads that lie in JavaScript memory where they are", async () => {
  await using blackhole = await openNative(`${PLUGINS}/blackhole`, "blackhole", { verify: true, checksum: true });
  const sink = asSink(blackhole);
  await start(sink);
  const first = batchOf(["hello ", "world"]);
  const second = Batch.allocate({ capacity: 2, arenaBytes: 0 });
  second.append(second.addSegment(new TextEncoder().encode("xx!")), 2, 1, 1);
  await sink.write(first);
  await sink.write(second);
  const seen = await sink.metrics!() as { outside: number; events: number; bytes: number; checksum: string };
  assertEquals([seen.events, seen.bytes, seen.outside], [3, 12, 0]);
  assertEquals(seen.checksum, fnv1a("hello world!"));
});

function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

Deno.test("a source is told which events of a batch failed", async () => {
  await using blaster = await openNative(`${PLUGINS}/blaster`, "blaster", { event_bytes: 8 });
  const source = asSource(blaster);
  await start(source);
  const batch = Batch.allocate({ capacity: 10 });
  await source.poll(batch, 10);
  source.settle!(batch, new Map([[3, "no"], [9, "no"]]));
  const { acked, failed } = await source.metrics!() as unknown as BlasterMetrics;
  assertEquals([acked, failed], [8, 2]);
});

Deno.test("a sink's verdicts come back as failures", async () => {
  await using blackhole = await openNative(`${PLUGINS}/blackhole`, "blackhole", { fail_every: 2 });
  const sink = asSink(blackhole);
  await start(sink);
  const result = await sink.write(batchOf(["a", "b", "c", "d", "e"]));
  assertEquals(result?.verdicts.map(({ index }) => index), [1, 3]);
  assertEquals((await sink.write(batchOf(["f"])))?.verdicts.map(({ index }) => index), [0]);
});

const EVENTS = [
  '{"count":7,"name":"seven"}',
  '{"name":"x","count":-2147483648}',
  '{"count":2147483647,"deep":[[{"a":[1.5e-3,null,true]}]]}',
  ' {"count" : 0 } ',
  '{"count":1,"count":2}',
  '{"count":-0}',
  "",
  "{}",
  "no json",
  '{"count":1',
  '{"count":1.0}',
  '{"count":2147483648}',
  '{"count":1,"name":2}',
  '{"count":"1"}',
  '{"count":1}}',
  '{"c\\u006funt":1}',
  '{"count":5,"name":"\\ud83d\\ude00 ä"}',
  `{"count":3,"deep":${"[".repeat(63)}${"]".repeat(63)}}`,
  `{"count":3,"deep":${"[".repeat(64)}${"]".repeat(64)}}`,
];

const COUNTS = ["7", "-2147483648", "2147483647", "0", "2", "0"].concat(
  Array(10).fill("0"),
  ["5", "3", "0"],
);

async function transformAll(folder: string, name: string, mode: string): Promise<[string[], unknown, Uint8Array]> {
  await using instance = await openNative(folder, name, { mode });
  const processor = asProcessor(instance);
  await start(processor);
  const out = Batch.allocate({ capacity: 64 });
  const input = batchOf(EVENTS);
  await processor.process(input, out);
  const records = out.block.slice(64, 64 + out.count * 64);
  return [payloads(out), await processor.metrics!(), records];
}

Deno.test("transform puts out the count of each event, and that of the cached event for what is none", async () => {
  const [texts, metrics] = await transformAll(`${PLUGINS}/transform`, "transform", "count");
  assertEquals(texts, COUNTS);
  assertEquals(metrics, {
    events: EVENTS.length,
    received: EVENTS.length,
    invalid: 11,
    cached: { count: 0, name: "my data" },
  });
});

Deno.test("transform numbers the events of an instance in their partition", async () => {
  await using instance = await openNative(`${PLUGINS}/transform`, "transform", {});
  const processor = asProcessor(instance);
  await start(processor);
  const out = Batch.allocate({ capacity: 4 });
  const partitions: number[] = [];
  for (let round = 0; round < 2; round++) {
    await processor.process(batchOf(["a", "b"]), out);
    const view = new DataView(out.block.buffer, out.block.byteOffset);
    for (let index = 0; index < out.count; index++) partitions.push(view.getUint32(64 + index * 64 + 56, true));
  }
  assertEquals(partitions, [1, 2, 3, 4]);
});

Deno.test({
  name: "transform in Rust does the same as transform in C, byte for byte",
  ignore: !hasRust(),
  async fn() {
    for (const mode of ["pass", "count"]) {
      const c = await transformAll(`${PLUGINS}/transform`, "transform", mode);
      const rust = await transformAll(`${PLUGINS}/transform/rust`, "transform_rust", mode);
      assertEquals(rust, c);
    }
  },
});

Deno.test({
  name: "a panic in Rust is an error with its message, and the host goes on",
  ignore: !hasRust(),
  async fn(context) {
    const folder = `${TEST_PLUGINS}/panicking`;
    await context.step("in open", async () => {
      const error = await assertRejects(() => openNative(folder, "panicking", { where: "open" }), CaissonError);
      assertEquals(error.code, "CAISSON_NATIVE_CALL");
      assertStringIncludes(error.message, "panicked: reached open");
    });
    await context.step("in start", async () => {
      await using instance = await openNative(folder, "panicking", { where: "start" });
      const error = await assertRejects(() => start(asProcessor(instance)), CaissonError);
      assertStringIncludes(error.message, "panicked: reached start");
    });
    await context.step("in process; afterwards only close is left", async () => {
      await using instance = await openNative(folder, "panicking", { where: "process" });
      const processor = asProcessor(instance);
      await start(processor);
      const out = Batch.allocate({ capacity: 4 });
      const error = assertThrows(() => processor.process(batchOf(["a"]), out), CaissonError);
      assertEquals(error.code, "CAISSON_NATIVE_CALL");
      assertStringIncludes(error.message, "panicked: reached process");
      const again = assertThrows(() => processor.process(batchOf(["a"]), out), CaissonError);
      assertEquals(again.code, "CAISSON_NATIVE_STATE");
      assertStringIncludes(again.message, "poisoned");
      await assertRejects(() => start(processor), CaissonError, "poisoned");
    });
    await context.step("in drop", async () => {
      const instance = await openNative(folder, "panicking", { where: "drop" });
      await instance[Symbol.asyncDispose]();
    });
  },
});

Deno.test("a configuration the plugin refuses is named in the error", async () => {
  const error = await assertRejects(
    () => openNative(`${PLUGINS}/blaster`, "blaster", { path: "/no/such/file" }),
    CaissonError,
  );
  assertEquals(error.code, "CAISSON_CONFIG_INVALID");
  assertStringIncludes(error.message, 'path: cannot open "/no/such/file": No such file or directory');
  assertEquals(error.subject, "test/blaster: @caisson/blaster open");
});

Deno.test("nothing is called before start, and nothing after close", async () => {
  const blaster = await openNative(`${PLUGINS}/blaster`, "blaster", { event_bytes: 8 });
  const source = asSource(blaster);
  const batch = Batch.allocate({ capacity: 4 });
  assertThrows(() => source.poll(batch, 4), CaissonError, "the instance is open");
  await start(source);
  await source.poll(batch, 4);
  await blaster[Symbol.asyncDispose]();
  const error = assertThrows(() => source.poll(batch, 4), CaissonError);
  assertEquals(error.code, "CAISSON_NATIVE_STATE");
  assertStringIncludes(error.message, "the instance is closed");
});

Deno.test("instances of one library live side by side, and a closed one leaves the others alone", async () => {
  const first = await openNative(`${PLUGINS}/blaster`, "blaster", { event_bytes: 8, count: 4 });
  await using second = await openNative(`${PLUGINS}/blaster`, "blaster", { event_bytes: 16, count: 4 });
  await start(asSource(first));
  await start(asSource(second));
  await first[Symbol.asyncDispose]();
  const batch = Batch.allocate({ capacity: 4 });
  assertEquals(await asSource(second).poll(batch, 4), { state: "ended" });
  assertEquals(batch.payloadLength(0), 16);
});

Deno.test("a source goes on where it was when it is connected again", async () => {
  await using blaster = await openNative(`${PLUGINS}/blaster`, "blaster", { event_bytes: 8 });
  const source = asSource(blaster);
  await start(source);
  const batch = Batch.allocate({ capacity: 4 });
  await source.poll(batch, 4);
  await start(source);
  batch.clear();
  await source.poll(batch, 4);
  assertEquals([batch.sequence(0), batch.sequence(3)], [4, 7]);
});

Deno.test("blaster replays lines in order, and keeps to its rate", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "one\n\ntwo\r\nthree");
    await using blaster = await openNative(`${PLUGINS}/blaster`, "blaster", { path: file, count: 6 });
    const source = asSource(blaster);
    await start(source);
    const batch = Batch.allocate({ capacity: 16 });
    assertEquals((await source.poll(batch, 16)).state, "ended");
    assertEquals(payloads(batch), ["one", "", "two\r", "three", "one", ""]);
    assert(Math.abs(batch.timestampMs(0) - Date.now()) < 60_000);

    await using paced = await openNative(`${PLUGINS}/blaster`, "blaster", { path: file, chunk: "file", rate: 1000 });
    const slow = asSource(paced);
    const before = performance.now();
    await start(slow);
    let events = 0;
    while (events < 50) {
      batch.clear();
      const { state } = await slow.poll(batch, 16);
      events += batch.count;
      if (state === "idle") await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertEquals(payloads(batch)[0], "one\n\ntwo\r\nthree");
    assert(performance.now() - before >= 49, "50 events at 1000 a second take 50 ms at least");
  } finally {
    await Deno.remove(file);
  }
});
