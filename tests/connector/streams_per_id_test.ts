import { assertEquals, assertStringIncludes } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import type { ByteSinkPart, PollResult, SourcePart, StreamListener } from "../../runtime/connector/contract.ts";
import { SinkManager } from "../../runtime/connector/sink_manager.ts";
import { SourceManager } from "../../runtime/connector/source_manager.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import type { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Consumer, Event, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();
const string = createCodec("string");

type Read = { readonly chunks: readonly [number, string][]; readonly over?: PollResult["streams"] };

/** A source whose chunks belong to streams. */
class StreamsSource implements SourcePart {
  readonly produces = "chunks";
  readonly wholeRecords: boolean;
  readonly ended: [number, unknown[]][] = [];
  readonly #reads: Read[];
  constructor(reads: readonly Read[], wholeRecords = false) {
    this.#reads = [...reads];
    this.wholeRecords = wholeRecords;
  }
  poll(batch: Batch): PollResult {
    const read = this.#reads.shift();
    for (const [stream, chunk] of read?.chunks ?? []) {
      batch.appendBytes(utf8.encode(chunk), 1);
      batch.setPartition(batch.count - 1, stream);
    }
    return {
      state: this.#reads.length === 0 ? "ended" : "filled",
      ...(read?.over === undefined ? {} : { streams: read.over }),
    };
  }
  streamEnded(stream: number, failures: ReadonlyMap<number, unknown>): void {
    this.ended.push([stream, [...failures.values()]]);
  }
  close(): void {}
}

/** Notes each event with its stream. */
class Notes implements Consumer {
  readonly seen: [number, string][] = [];
  readonly #fail: (text: string) => boolean;
  constructor(fail: (text: string) => boolean = () => false) {
    this.#fail = fail;
  }
  push(delivery: Parameters<Consumer["push"]>[0]): void {
    for (const event of eventsOf(delivery)) {
      const value = event.value as string;
      this.seen.push([event.stream, value]);
      if (this.#fail(value)) event.settlement!.fail(event.origin, new RangeError(value));
    }
    delivery.settlement.release();
  }
  drain(): Promise<void> {
    return Promise.resolve();
  }
}

async function run(part: SourcePart, notes: Consumer, preprocessors = ["separate"]): Promise<CaissonError[]> {
  const errors: CaissonError[] = [];
  const out = new Fanout();
  out.link(notes);
  const make = () => preprocessors.map((name) => createPreprocessor(name));
  await new SourceManager({
    alias: "test/source",
    part,
    codec: string,
    preprocessors: make(),
    newPreprocessors: make,
    out,
    signal: new AbortController().signal,
    onError: (error) => errors.push(error),
  }).run();
  return errors;
}

Deno.test("lines of two streams that come in pieces are not mixed", async () => {
  const notes = new Notes();
  await run(
    new StreamsSource([
      { chunks: [[1, "a-one\na-t"], [2, "b-o"]] },
      { chunks: [[2, "ne\nb-two\n"], [1, "wo\n"]] },
    ]),
    notes,
  );
  assertEquals(notes.seen, [[1, "a-one"], [2, "b-one"], [2, "b-two"], [1, "a-two"]]);
});

Deno.test("the end of a stream flushes what its preprocessors hold, a loss drops it, and others go on", async () => {
  const notes = new Notes();
  const part = new StreamsSource([
    {
      chunks: [[1, "kept"], [2, "torn"], [3, "mid"]],
      over: [{ stream: 1, state: "ended" }, { stream: 2, state: "lost" }],
    },
    { chunks: [[3, "dle\n"], [2, "fresh\n"]] },
  ]);
  await run(part, notes);
  assertEquals(notes.seen, [[1, "kept"], [3, "middle"], [2, "fresh"]]);
  assertEquals(part.ended, [[1, []]]);
});

Deno.test("a source is told that a stream's last events failed", async () => {
  const part = new StreamsSource([{ chunks: [[7, "fine\nbad"]], over: [{ stream: 7, state: "ended" }] }, {
    chunks: [],
  }]);
  await run(part, new Notes((value) => value === "bad"));
  assertEquals(part.ended.map(([stream, reasons]) => [stream, reasons.map(String)]), [[7, ["RangeError: bad"]]]);
});

Deno.test("preprocessors hold nothing between records that are whole", async () => {
  const notes = new Notes();
  await run(new StreamsSource([{ chunks: [[0, "a:1|c\nb:2|c"], [0, "c:3|c"]] }, { chunks: [[4, "d"]] }], true), notes);
  assertEquals(notes.seen, [[0, "a:1|c"], [0, "b:2|c"], [0, "c:3|c"], [4, "d"]]);
});

Deno.test("a source that names a stream without preprocessors for it is told so", async () => {
  const errors: CaissonError[] = [];
  await new SourceManager({
    alias: "test/source",
    part: new StreamsSource([{ chunks: [[5, "x\n"]] }]),
    codec: string,
    preprocessors: [createPreprocessor("separate")],
    out: new Fanout(),
    signal: new AbortController().signal,
    onError: (error) => errors.push(error),
  }).run();
  assertStringIncludes(errors[0]!.message, "one stream");
});

/** A sink that notes what was written to which stream. */
class StreamsSink implements ByteSinkPart {
  readonly accepts = "bytes";
  readonly written: [number, string][] = [];
  listener!: StreamListener;
  readonly #gone: number;
  constructor(gone = -1) {
    this.#gone = gone;
  }
  watchStreams(listener: StreamListener): void {
    this.listener = listener;
  }
  write(chunks: readonly Uint8Array[], _events: number, stream: number): Promise<void> {
    if (stream === this.#gone) return Promise.reject(new RangeError("peer gone"));
    this.written.push([stream, chunks.map((chunk) => text.decode(chunk)).join("|")]);
    return Promise.resolve();
  }
  close(): void {}
}

function sinkOf(part: ByteSinkPart, postprocessors: readonly string[]): SinkManager {
  const make = () => postprocessors.map((name) => createPostprocessor(name));
  return new SinkManager({
    alias: "test/sink",
    part,
    codec: string,
    postprocessors: make(),
    newPostprocessors: make,
    onError: () => {},
  });
}

const event = (stream: number, value: string, settlement?: Settlement, origin = 0): Event =>
  new Event(undefined, 0, 0, string, settlement, origin, value, true, stream);

async function deliver(sink: SinkManager, make: (settlement: Settlement) => Event[]): Promise<string[]> {
  const settled = Promise.withResolvers<string[]>();
  const settlement = new Settlement((failures) =>
    settled.resolve([...failures].map(([index, reason]) => `${index} ${(reason as Error).message}`))
  );
  await sink.push({ batch: undefined, events: make(settlement), codec: string, settlement });
  return await settled.promise;
}

Deno.test("a sink writes each event to the stream it came from, framed by that stream's postprocessors", async () => {
  const part = new StreamsSink();
  const sink = sinkOf(part, ["separate"]);
  await deliver(sink, () => [event(1, "a"), event(2, "b"), event(1, "c"), event(0, "d").with("e")]);
  assertEquals(
    part.written,
    [[1, "a\n|c\n"], [2, "b\n"], [0, "e\n"]].map(([at, all]) => [at, all]) as [number, string][],
  );
});

Deno.test("a stream that is gone fails only its own events", async () => {
  const part = new StreamsSink(2);
  const failed = await deliver(
    sinkOf(part, []),
    (settlement) => [event(1, "a", settlement, 0), event(2, "b", settlement, 1), event(3, "c", settlement, 2)],
  );
  assertEquals(part.written, [[1, "a"], [3, "c"]]);
  assertEquals(failed.length, 1);
  assertStringIncludes(failed[0]!, "1 ");
  assertStringIncludes(failed[0]!, "peer gone");
});

Deno.test("the end of a stream writes what its postprocessors hold, a loss drops it, and a drain writes the rest", async () => {
  const part = new StreamsSink();
  const sink = sinkOf(part, ["collect"]);
  await deliver(sink, () => [event(1, "one"), event(2, "two"), event(3, "three")]);
  assertEquals(part.written, []);
  await part.listener.ended(1);
  assertEquals(part.written, [[1, "one"]]);
  part.listener.lost(2);
  await sink.drain();
  assertEquals(part.written, [[1, "one"], [3, "three"]]);
});
