import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gunzipSync } from "node:zlib";
import type { Postprocessor } from "../../runtime/codec/codec.ts";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import type { ByteSinkPart, StreamListener } from "../../runtime/connector/contract.ts";
import { SinkManager } from "../../runtime/connector/sink_manager.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const encoder = new TextEncoder();
const codec = createCodec("string");

/** A sink of bytes that can be told to refuse, and to have streams. */
class Pipe implements ByteSinkPart {
  readonly accepts = "bytes";
  readonly written: [number, Uint8Array][] = [];
  broken = false;
  listener: StreamListener | undefined;
  readonly watchStreams?: (listener: StreamListener) => void;
  constructor(hasStreams = false) {
    if (hasStreams) this.watchStreams = (listener) => void (this.listener = listener);
  }
  write(chunks: readonly Uint8Array[], _events: number, stream: number): Promise<void> {
    if (this.broken) return Promise.reject(new Error("down"));
    for (const chunk of chunks) this.written.push([stream, chunk.slice()]);
    return Promise.resolve();
  }
  text(stream = 0): string {
    return this.written.filter(([of]) => of === stream).map(([, bytes]) => new TextDecoder().decode(bytes)).join(",");
  }
  close(): void {}
}

/** What a source was told about one delivery: failed places, or nothing so far. */
interface Told {
  verdict?: readonly number[];
  freed: boolean;
}

function harness(
  pipe: Pipe,
  postprocessors: () => readonly Postprocessor[],
): { sink: SinkManager; send: (texts: readonly string[], stream?: number) => Promise<Told>; errors: CaissonError[] } {
  const errors: CaissonError[] = [];
  const sink = new SinkManager({
    alias: "flow/out",
    part: pipe,
    codec,
    postprocessors: postprocessors(),
    newPostprocessors: postprocessors,
    onError: (error) => errors.push(error),
  });
  const send = async (texts: readonly string[], stream = 0): Promise<Told> => {
    const batch = Batch.allocate({ capacity: texts.length, arenaBytes: 1 << 21 });
    for (const text of texts) batch.appendBytes(encoder.encode(text), 1);
    for (let index = 0; index < texts.length; index++) batch.setPartition(index, stream);
    const told: Told = { freed: false };
    const settlement = new Settlement(
      (failures) => told.verdict = [...failures.keys()].sort(),
      () => told.freed = true,
    );
    await sink.push({ batch, events: undefined, codec, settlement });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    return told;
  };
  return { sink, send, errors };
}

const named = (...names: Parameters<typeof createPostprocessor>[0][]) => (): readonly Postprocessor[] =>
  names.map((name) => createPostprocessor(name));
const hour = 3_600_000;

for (const name of ["collect", "chunk"]) {
  Deno.test(`${name}: an event is acked when the piece that carries it is written, and its batch goes back before`, async () => {
    const pipe = new Pipe();
    const { sink, send } = harness(pipe, named("separate", { name, config: { max_bytes: 10, flush_ms: hour } }));
    const first = await send(["one", "two"]);
    assertEquals([pipe.text(), first], ["", { freed: true }]);
    const second = await send(["three", "four"]);
    assertEquals([pipe.text(), first.verdict, second.verdict], ["one\ntwo\n,three\n", [], undefined]);
    assertEquals([sink.metrics.out, sink.metrics.failed], [3, 0]);
    await sink.drain();
    assertEquals([pipe.text(), second.verdict], ["one\ntwo\n,three\n,four\n", []]);
    assertEquals([sink.metrics.out, sink.metrics.failed], [4, 0]);
  });

  Deno.test(`${name}: a piece that is refused fails every event in it, and what was held arrives once when it is sent again`, async () => {
    const pipe = new Pipe();
    const { sink, send, errors } = harness(
      pipe,
      named("separate", { name, config: { max_bytes: 10, flush_ms: hour } }),
    );
    const first = await send(["one", "two"]);
    pipe.broken = true;
    const second = await send(["three", "four"]);
    assertEquals([first.verdict, second.verdict], [[0, 1], [0, 1]]);
    assertEquals([sink.metrics.out, sink.metrics.failed, errors.length], [0, 4, 1]);
    pipe.broken = false;
    const again = await send(["one", "two", "three", "four"]);
    await sink.drain();
    assertEquals([again.verdict, pipe.text()], [[], "one\ntwo\n,three\n,four\n"]);
  });
}

Deno.test("gzip: an event is acked when its bytes can be read from what was written; each MiB is written", async () => {
  const pipe = new Pipe();
  const { sink, send } = harness(pipe, named({ name: "gzip", config: { flush_ms: hour } }));
  const small = await send(["one", "two"]);
  assertEquals([small.verdict, pipe.written.length], [undefined, 0]);
  const large = await send(Array(1200).fill("x".repeat(1000)));
  for (let turn = 0; turn < 2000 && small.verdict === undefined; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(small.verdict, []);
  assertEquals(large.verdict, undefined);
  assert(sink.metrics.out > 1000 && sink.metrics.out < 1202, `${sink.metrics.out} written`);
  const bytes = (): Uint8Array => new Uint8Array(pipe.written.flatMap(([, chunk]) => [...chunk]));
  const partial = gunzipSync(bytes(), { finishFlush: 2 });
  assert(partial.byteLength >= 6 + (sink.metrics.out - 2) * 1000);
  await sink.drain();
  assertEquals([large.verdict, sink.metrics.out], [[], 1202]);
  assertEquals(gunzipSync(bytes()).byteLength, 6 + 1_200_000);
});

Deno.test("gzip: what cannot be written at the end of the stream fails, though it was taken long ago", async () => {
  const pipe = new Pipe();
  const { sink, send, errors } = harness(pipe, named({ name: "gzip", config: { flush_ms: hour } }));
  const told = await send(["one", "two"]);
  pipe.broken = true;
  await sink.drain();
  assertEquals([told.verdict, sink.metrics.out, sink.metrics.failed], [[0, 1], 0, 2]);
  assertStringIncludes(errors[0]!.message, "down");
  assertEquals(sink.failure, errors[0]);
});

Deno.test("what is held is written after flush_ms at the latest, also behind a second one that holds", async () => {
  const pipe = new Pipe();
  const chain = named({ name: "collect", config: { max_bytes: 100, flush_ms: 5 } }, {
    name: "gzip",
    config: { flush_ms: hour },
  });
  const { sink, send } = harness(pipe, chain);
  const told = await send(["one", "two"]);
  for (let turn = 0; turn < 2000 && told.verdict === undefined; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals([told.verdict, sink.metrics.out], [[], 2]);
  assertEquals(
    new TextDecoder().decode(
      gunzipSync(new Uint8Array(pipe.written.flatMap(([, chunk]) => [...chunk])), { finishFlush: 2 }),
    ),
    "onetwo",
  );
  await sink.drain();
});

Deno.test("a stream that is lost fails what it held, one that ends writes it, and others go on", async () => {
  const pipe = new Pipe(true);
  const { sink, send } = harness(pipe, named({ name: "collect", config: { max_bytes: 100, flush_ms: hour } }));
  const [lost, ended, open] = [await send(["a"], 1), await send(["b"], 2), await send(["c"], 3)];
  pipe.listener!.lost(1);
  await pipe.listener!.ended(2);
  await Promise.resolve();
  assertEquals([lost.verdict, ended.verdict, open.verdict], [[0], [], undefined]);
  assertEquals([pipe.text(1), pipe.text(2), pipe.text(3)], ["", "b", ""]);
  await sink.drain();
  assertEquals([open.verdict, pipe.text(3)], [[], "c"]);
  assertEquals([sink.metrics.out, sink.metrics.failed], [2, 1]);
});

Deno.test("a sink that is given up fails what it held", async () => {
  const pipe = new Pipe();
  const { sink, send } = harness(pipe, named({ name: "collect", config: { max_bytes: 100, flush_ms: hour } }));
  const told = await send(["one"]);
  sink.giveUp(new CaissonError("CAISSON_SINK_FAILED", { subject: "flow/out", found: "gone" }));
  await sink.drain();
  assertEquals([told.verdict, pipe.text()], [[0], ""]);
});
