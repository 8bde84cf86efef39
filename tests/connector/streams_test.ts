import { toText } from "@std/streams";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import type { SourcePart, WriteResult } from "../../runtime/connector/contract.ts";
import { toAsyncIterable, toWritableStream } from "../../runtime/connector/streams_sink.ts";
import { fromAsyncIterable, fromReadableStream, fromTextLines } from "../../runtime/connector/streams_source.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Event } from "../../runtime/flow/delivery.ts";

const utf8 = new TextEncoder();
const json = createCodec("json");

function payloads(batch: Batch): string[] {
  return Array.from({ length: batch.count }, (_, index) => new TextDecoder().decode(batch.payload(index)));
}

/** Everything a source gives, batch by batch; empty ones left out. */
async function readAll(source: SourcePart, options: { max?: number; arenaBytes?: number } = {}): Promise<string[][]> {
  const { max = 1024, arenaBytes = 1 << 20 } = options;
  const batches: string[][] = [];
  for (;;) {
    const batch = Batch.allocate({ arenaBytes });
    const { state } = await source.poll(batch, max);
    if (batch.count > 0) batches.push(payloads(batch));
    if (state === "ended") break;
  }
  await source.close();
  return batches;
}

function made(...values: unknown[]): Event[] {
  return values.map((value) => Event.made(value, json, 0));
}

Deno.test("values of an iterable become events, many to a batch", async () => {
  const source = fromAsyncIterable(Array.from({ length: 2500 }, (_, n) => ({ n })));
  assertEquals([source.produces, source.codec], ["events", "json"]);
  const batches = await readAll(source);
  assertEquals(batches.map(({ length }) => length), [1024, 1024, 452]);
  assertEquals(batches.flat()[1500], '{"n":1500}');
  assertEquals(await readAll(fromAsyncIterable(new Set(["a", 1, null]))), [['"a"', "1", "null"]]);
  assertEquals(await readAll(fromAsyncIterable([])), []);
});

Deno.test("items that are ready share a batch, and one that is late holds up none", async () => {
  const gate = Promise.withResolvers<void>();
  async function* values(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    await gate.promise;
    yield 3;
  }
  const source = fromAsyncIterable(values());
  const batch = Batch.allocate();
  await source.poll(batch, 1024);
  assertEquals(payloads(batch), ["1", "2"]);
  gate.resolve();
  assertEquals(await readAll(source), [["3"]]);
});

Deno.test("what does not fit waits for the next batch, and what fits no batch goes without a copy", async () => {
  const items = ["a".repeat(40), "b".repeat(40), "c".repeat(500), "d"].map((text) => utf8.encode(text));
  const source = fromReadableStream(ReadableStream.from(items));
  assertEquals(
    (await readAll(source, { arenaBytes: 64 })).map((batch) => batch.map((text) => text[0]! + text.length)),
    [["a40"], ["b40"], ["c500", "d1"]],
  );
});

Deno.test("chunks of a stream are taken as they are, objects as JSON", async () => {
  const bytes = fromReadableStream(ReadableStream.from([utf8.encode("a\nb"), utf8.encode("\n")]), {
    produces: "chunks",
    codec: "string",
  });
  assertEquals([bytes.produces, bytes.codec], ["chunks", "string"]);
  assertEquals(await readAll(bytes), [["a\nb", "\n"]]);
  assertEquals(await readAll(fromReadableStream(ReadableStream.from(["ü", ""]))), [["ü", ""]]);
  assertEquals(await readAll(fromReadableStream(ReadableStream.from([{ a: 1 }]))), [['{"a":1}']]);
});

Deno.test("lines of a stream become events, wherever its chunks end", async () => {
  const text = "first\r\nzweite ü\n\nlast";
  const bytes = [...utf8.encode(text)].map((byte) => new Uint8Array([byte]));
  const source = fromTextLines(ReadableStream.from(bytes));
  assertEquals(source.codec, "string");
  assertEquals((await readAll(source)).flat(), ["first", "zweite ü", "", "last"]);
  const broken = fromTextLines(ReadableStream.from([new Uint8Array([0xff])]));
  await assertRejects(() => readAll(broken), TypeError);
});

Deno.test("an error of the stream is an error of the source", async () => {
  async function* values(): AsyncGenerator<number> {
    yield 1;
    await Promise.resolve();
    throw new RangeError("broken off");
  }
  const source = fromAsyncIterable(values());
  await assertRejects(() => readAll(source), RangeError, "broken off");
  await assertRejects(() => readAll(fromAsyncIterable([undefined])), CaissonError, "JSON");
});

Deno.test("a signal ends a read that waits, and closing cancels the stream", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  const controller = new AbortController();
  const source = fromReadableStream(stream, { signal: controller.signal });
  const polling = source.poll(Batch.allocate(), 1);
  controller.abort();
  assertEquals(await polling, { state: "filled" });
  await source.close();
  assert(cancelled);
});

Deno.test("without a signal a read that waits comes back by itself, and nothing is lost", async () => {
  const gate = Promise.withResolvers<void>();
  let returned = false;
  async function* values(): AsyncGenerator<number> {
    try {
      await gate.promise;
      yield 1;
      yield 2;
    } finally {
      returned = true;
    }
  }
  const source = fromAsyncIterable(values());
  const batch = Batch.allocate();
  assertEquals(await source.poll(batch, 1), { state: "filled" });
  assertEquals(batch.count, 0);
  gate.resolve();
  await source.poll(batch, 1);
  assertEquals(payloads(batch), ["1"]);
  await source.close();
  assert(returned);
});

Deno.test("closing does not wait for a generator that waits for ever", async () => {
  async function* values(): AsyncGenerator<number> {
    await new Promise(() => {});
    yield 1;
  }
  const source = fromAsyncIterable(values(), { signal: AbortSignal.abort() });
  await source.poll(Batch.allocate(), 1);
  await source.close();
});

Deno.test("a writable stream gets one chunk of its own for each write, and is closed", async () => {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const sink = toWritableStream(writable, { codec: "string" });
  assertEquals([sink.accepts, sink.codec], ["bytes", "string"]);
  const reading = toText(readable);
  const arena = utf8.encode("one\ntwo\n");
  await sink.write([arena.subarray(0, 4), arena.subarray(4)], 2);
  arena.fill(0x78);
  await sink.write([arena.subarray(0, 1)], 1);
  await sink.close();
  assertEquals(await reading, "one\ntwo\nx");
});

Deno.test("a writable stream that is full makes the flow wait", async () => {
  const gate = Promise.withResolvers<void>();
  let written = 0;
  const sink = toWritableStream(
    new WritableStream({
      async write(): Promise<void> {
        await gate.promise;
        written++;
      },
    }),
    { preventClose: true },
  );
  let done = false;
  const writing = Promise.resolve(sink.write([utf8.encode("x")], 1)).then(() => done = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([done, written], [false, 0]);
  gate.resolve();
  await writing;
  assertEquals(written, 1);
  await sink.close();
});

Deno.test("a writable stream that fails fails the write, and can still be let go", async () => {
  const stream = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(): void {
      throw new RangeError("full");
    },
  });
  const sink = toWritableStream(stream);
  await assertRejects(async () => await sink.write([utf8.encode("x")], 1), RangeError, "full");
  await sink.close();
  assert(!stream.locked);
});

Deno.test("a loop takes values in order, and a write ends when the loop asks for more", async () => {
  const results = toAsyncIterable<number>();
  const log: string[] = [];
  const loop = (async () => {
    for await (const value of results) log.push(`took ${value}`);
    log.push("loop ended");
  })();
  await results.sink.write(made(1, 2));
  log.push("written 1, 2");
  await results.sink.write(made(3));
  log.push("written 3");
  await results.sink.close();
  await loop;
  assertEquals(log, ["took 1", "took 2", "written 1, 2", "took 3", "written 3", "loop ended"]);
});

Deno.test("a write waits until somebody takes its values", async () => {
  const results = toAsyncIterable<number>();
  let written = false;
  const writing = Promise.resolve(results.sink.write(made(1, 2))).then(() => written = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(written, false);
  const iterator = results[Symbol.asyncIterator]();
  assertEquals(await iterator.next(), { done: false, value: 1 });
  assertEquals(await iterator.next(), { done: false, value: 2 });
  assertEquals(written, false);
  const third = iterator.next();
  await writing;
  await results.sink.close();
  assertEquals(await third, { done: true, value: undefined });
  assertEquals(await iterator.next(), { done: true, value: undefined });
});

Deno.test("several values asked for at once are each answered", async () => {
  const results = toAsyncIterable<number>();
  const iterator = results[Symbol.asyncIterator]();
  const asked = [iterator.next(), iterator.next(), iterator.next()];
  await results.sink.write(made(1, 2));
  await results.sink.close();
  assertEquals((await Promise.all(asked)).map(({ value }) => value), [1, 2, undefined]);
});

Deno.test("leaving the loop fails what was not taken, and every later write", async () => {
  const results = toAsyncIterable<number>();
  const writing = results.sink.write(made(1, 2, 3)) as Promise<WriteResult>;
  for await (const value of results) if (value === 1) break;
  const { verdicts, reason } = await writing;
  assertEquals(verdicts.map(({ index }) => index), [1, 2]);
  assertEquals((reason as CaissonError).code, "CAISSON_SINK_FAILED");
  await assertRejects(async () => await results.sink.write(made(4)), CaissonError, "left the loop");
  await results.sink.close();
});

Deno.test("closing fails what was never taken", async () => {
  const results = toAsyncIterable<number>();
  const writing = results.sink.write(made(1)) as Promise<WriteResult>;
  await results.sink.close();
  assertEquals((await writing).verdicts.map(({ index }) => index), [0]);
  assertEquals(await Array.fromAsync(results), []);
});

Deno.test("an event that does not decode fails alone, and bytes outlive their batch", async () => {
  const batch = Batch.allocate();
  for (const text of ["1", "{", "3"]) batch.appendBytes(utf8.encode(text), 0);
  const results = toAsyncIterable();
  const loop = Array.fromAsync(results);
  const { verdicts } = await results.sink.write([0, 1, 2].map((index) => Event.raw(batch, index, json))) as WriteResult;
  assertEquals(verdicts.map(({ index }) => index), [1]);
  await results.sink.write([Event.raw(batch, 2, createCodec("binary"))]);
  await results.sink.close();
  batch.arena.fill(0);
  assertEquals(await loop, [1, 3, utf8.encode("3")]);
});
