import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import type {
  BatchSinkPart,
  ByteSinkPart,
  SourcePart,
  ValueSinkPart,
  WriteResult,
} from "../../runtime/connector/contract.ts";
import { SinkManager } from "../../runtime/connector/sink_manager.ts";
import { SourceManager } from "../../runtime/connector/source_manager.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Consumer, type Delivery, Event, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const string = createCodec("string");
const json = createCodec("json");

/** A source over chunks of text, that remembers what it was told about them. */
class TextSource implements SourcePart {
  readonly produces = "chunks" as const;
  readonly settled: {
    count: number;
    failures: ReadonlyMap<number, unknown>;
  }[] = [];
  readonly #chunks: string[];
  constructor(chunks: readonly string[]) {
    this.#chunks = [...chunks];
  }
  poll(batch: Batch): { state: "filled" | "ended" } {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) batch.appendBytes(encoder.encode(chunk), 1000);
    return { state: this.#chunks.length === 0 ? "ended" : "filled" };
  }
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    this.settled.push({ count: batch.count, failures: new Map(failures) });
  }
  close(): void {}
}

class Collector implements Consumer {
  readonly texts: string[] = [];
  readonly held: Delivery[] = [];
  readonly hold: boolean;
  constructor(hold = false) {
    this.hold = hold;
  }
  push(delivery: Delivery): void {
    for (const event of eventsOf(delivery)) {
      this.texts.push(decoder.decode(event.batch!.payload(event.index)));
    }
    if (this.hold) this.held.push(delivery);
    else delivery.settlement.release();
  }
  drain(): Promise<void> {
    return Promise.resolve();
  }
}

function source(
  part: SourcePart,
  consumer: Consumer,
  errors: CaissonError[] = [],
  preprocessors = ["separate"],
): SourceManager {
  const out = new Fanout();
  out.link(consumer);
  return new SourceManager({
    alias: "test/source",
    part,
    codec: string,
    preprocessors: preprocessors.map((name) => createPreprocessor({ name })),
    batchEvents: 4,
    batchBytes: 1024,
    out,
    signal: new AbortController().signal,
    onError: (error) => errors.push(error),
  });
}

Deno.test("cuts chunks into events across chunk borders and hands on the rest at the end", async () => {
  const part = new TextSource([
    "one\ntwo\nth",
    "ree\nfour\nfive\nsix\nseven\nei",
    "ght",
  ]);
  const collector = new Collector();
  const manager = source(part, collector);
  await manager.run();
  assertEquals(collector.texts, [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
  ]);
  assertEquals(manager.metrics.in, 8);
  assertEquals(part.settled.length, 3);
});

Deno.test("points into the chunk for whole lines and copies only what crosses a border", async () => {
  const seen: { segment: number; text: string }[] = [];
  await source(new TextSource(["aa\nb", "b\ncc\n"]), {
    push(delivery) {
      const batch = delivery.batch!;
      for (let index = 0; index < batch.count; index++) {
        seen.push({
          segment: batch.payloadSegment(index),
          text: decoder.decode(batch.payload(index)),
        });
      }
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  }).run();
  assertEquals(seen, [{ segment: 1, text: "aa" }, { segment: 0, text: "bb" }, {
    segment: 1,
    text: "cc",
  }]);
});

Deno.test("tells the source which chunk an event failed in", async () => {
  const part = new TextSource(["a\nb\n", "c\nbad\n"]);
  await source(part, {
    push(delivery) {
      for (const event of eventsOf(delivery)) {
        if (event.value === "bad") {
          delivery.settlement.fail(event.index, "refused");
        }
      }
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  }).run();
  assertEquals(part.settled.map(({ failures }) => [...failures]), [[], [[
    0,
    "refused",
  ]]]);
});

Deno.test("waits when all batches are in flight and goes on when one is settled", async () => {
  const collector = new Collector(true);
  const manager = source(
    new TextSource(Array.from({ length: 20 }, (_, index) => `line ${index}`)),
    collector,
    [],
    [],
  );
  const running = manager.run();
  while (collector.held.length < 8) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(manager.metrics.in, 8);
  for (let released = 0; released < 20; released++) {
    while (collector.held.length <= released) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    collector.held[released]!.settlement.release();
  }
  await running;
  assertEquals(manager.metrics.in, 20);
});

Deno.test("reports a source that throws and still settles what it read", async () => {
  const errors: CaissonError[] = [];
  const part: SourcePart = {
    produces: "events",
    poll(batch) {
      if (batch.id > 1) throw new TypeError("disk on fire");
      batch.appendBytes(encoder.encode("x"), 0);
      return { state: "filled" };
    },
    close() {},
  };
  const collector = new Collector();
  await source(part, collector, errors, []).run();
  assertEquals(collector.texts, ["x"]);
  assertEquals(errors.map(({ code }) => code), ["CAISSON_SOURCE_FAILED"]);
  assertStringIncludes(errors[0]!.message, "disk on fire");
});

async function through(
  lines: readonly string[],
  sink: SinkManager,
): Promise<TextSource> {
  const part = new TextSource([lines.join("\n")]);
  await source(part, sink).run();
  await sink.drain();
  return part;
}

Deno.test("a part that cannot be told that reading ended hides neither why nor what was read", async () => {
  for (const breaks of [true, false]) {
    const errors: CaissonError[] = [];
    let told = 0;
    const part: SourcePart = {
      produces: "chunks",
      poll: (batch) => {
        batch.appendBytes(encoder.encode("one\ntwo"), 0);
        if (breaks) throw new Deno.errors.ConnectionReset("peer left");
        return { state: "ended" };
      },
      readingEnded: () => {
        told++;
        throw new RangeError("not told");
      },
      close() {},
    };
    const collector = new Collector();
    const manager = source(part, collector, errors);
    await manager.run();
    assertEquals(told, 1);
    assertEquals(errors.map(({ found }) => found), [breaks ? "peer left" : "not told"]);
    assertEquals(collector.texts, breaks ? [] : ["one", "two"]);
    assertEquals(manager.failure, errors[0]);
  }
});

Deno.test("a byte sink gets raw bytes unchanged when codecs are equal", async () => {
  const written: string[] = [];
  const part: ByteSinkPart = {
    accepts: "bytes",
    write: (chunks) => void written.push(...chunks.map((chunk) => decoder.decode(chunk))),
    close() {},
  };
  const sink = new SinkManager({
    alias: "t",
    part,
    codec: string,
    postprocessors: [createPostprocessor({ name: "separate" })],
    onError() {},
  });
  await through(["α", "b"], sink);
  assertEquals(written.join(""), "α\nb\n");
});

Deno.test("an event that failed by itself is counted once when its write fails, too", async () => {
  const sink = new SinkManager({
    alias: "t",
    part: {
      accepts: "bytes",
      write() {
        throw new Error("disk full");
      },
      close() {},
    },
    codec: json,
    postprocessors: [],
    onError() {},
  });
  const events = [Symbol("bad"), "fine"].map((value) => Event.made(value, json, 0));
  let settled = false;
  await sink.push({ batch: undefined, events, codec: json, settlement: new Settlement(() => settled = true) });
  assert(settled);
  assertEquals([sink.metrics.in, sink.metrics.out, sink.metrics.failed], [2, 0, 2]);
});

Deno.test("an event that cannot be decoded fails alone", async () => {
  const errors: CaissonError[] = [];
  const written: string[] = [];
  const part: ByteSinkPart = {
    accepts: "bytes",
    write: (chunks) => void written.push(...chunks.map((chunk) => decoder.decode(chunk))),
    close() {},
  };
  const sink = new SinkManager({
    alias: "t",
    part,
    codec: json,
    postprocessors: [],
    onError: (error) => errors.push(error),
  });
  const out = new Fanout();
  out.link({
    push: (delivery) =>
      sink.push({
        ...delivery,
        events: eventsOf(delivery).map((event) =>
          event.value === "bad" ? event.with(Symbol("bad")) : event.with({ v: event.value })
        ),
      }),
    drain: () => sink.drain(),
  });
  const settled: ReadonlyMap<number, unknown>[] = [];
  const manager = new SourceManager({
    alias: "t",
    part: {
      produces: "events",
      poll: pollOnce(["ok", "bad", "fine"]),
      settle: (_, failures) => settled.push(failures),
      close() {},
    },
    codec: string,
    preprocessors: [],
    out,
    signal: new AbortController().signal,
    onError() {},
  });
  await manager.run();
  assertEquals(written, ['{"v":"ok"}', '{"v":"fine"}']);
  assertEquals(errors.map(({ code }) => code), ["CAISSON_CODEC_ENCODE"]);
  assertEquals([...settled[0]!.keys()], [1]);
  assertEquals(sink.metrics.failed, 1);
  assertEquals(sink.metrics.out, 2);
});

function pollOnce(
  texts: readonly string[],
): (batch: Batch) => { state: "ended" } {
  return (batch) => {
    for (const text of texts) batch.appendBytes(encoder.encode(text), 0);
    return { state: "ended" };
  };
}

function pollEach(batches: string[][]): (batch: Batch) => { state: "filled" | "ended" } {
  return (batch) => {
    for (const text of batches.shift() ?? []) batch.appendBytes(encoder.encode(text), 0);
    return { state: batches.length === 0 ? "ended" : "filled" };
  };
}

Deno.test("a rejected write fails its events and the next write is tried", async () => {
  let calls = 0;
  const part: ValueSinkPart = {
    accepts: "values",
    write: () => ++calls === 1 ? Promise.reject(new TypeError("no")) : Promise.resolve(),
    close() {},
  };
  const errors: CaissonError[] = [];
  const sink = new SinkManager({
    alias: "t",
    part,
    codec: undefined,
    postprocessors: [],
    onError: (error) => errors.push(error),
  });
  const text = await through(["a", "b", "c", "d", "e", "f"], sink);
  assertEquals(calls, 2);
  assertEquals(sink.metrics.failed + sink.metrics.out, 6);
  assert(sink.metrics.failed > 0 && sink.metrics.out > 0);
  assertEquals(errors[0]!.code, "CAISSON_SINK_FAILED");
  assertEquals(text.settled.length, 1);
});

Deno.test("a write that is under way when its sink is given up is still counted by itself", async () => {
  let written = (): void => {};
  const part: ByteSinkPart = {
    accepts: "bytes",
    write: () => new Promise((resolve) => written = resolve),
    close() {},
  };
  const sink = new SinkManager({ alias: "t", part, codec: json, postprocessors: [], onError() {} });
  const settled: [number, number[]][] = [];
  const push = (id: number, values: readonly unknown[]) =>
    sink.push({
      batch: undefined,
      events: values.map((value) => Event.made(value, json, 0)),
      codec: json,
      settlement: new Settlement((failures) => settled.push([id, [...failures.keys()]])),
    });
  const first = new Settlement((failures) => settled.push([1, [...failures.keys()]]));
  const events = [1, () => {}, 3].map((value, index) => Event.made(value, json, 0).settledBy(first, index));
  void sink.push({ batch: undefined, events, codec: json, settlement: first });
  const reason = new CaissonError("CAISSON_CONNECTION_LOST", { subject: "t", found: "nobody" });
  sink.giveUp(reason);
  void push(2, [4, 5]);
  assertEquals([settled.map(([id]) => id), sink.metrics.failed], [[2], 2]);
  written();
  await sink.drain();
  assertEquals(settled[1], [1, [1]]);
  assertEquals([sink.metrics.in, sink.metrics.out, sink.metrics.failed], [5, 2, 3]);
});

Deno.test("a batch sink gets a selection by record, not by copy", async () => {
  const seen: [number, string][] = [];
  const part: BatchSinkPart = {
    accepts: "batches",
    maxEvents: 16,
    write(batch) {
      for (let index = 0; index < batch.count; index++) {
        seen.push([
          batch.payloadSegment(index),
          decoder.decode(batch.payload(index)),
        ]);
      }
    },
    close() {},
  };
  const sink = new SinkManager({
    alias: "t",
    part,
    codec: undefined,
    postprocessors: [],
    onError() {},
  });
  await source(new TextSource(["a\nb\nc\n"]), {
    push: (delivery) =>
      sink.push({
        ...delivery,
        events: eventsOf(delivery).filter((event) => event.value !== "b"),
      }),
    drain: () => sink.drain(),
  }).run();
  assertEquals(seen, [[1, "a"], [1, "c"]]);
});

Deno.test("a sink that bears it gets several batches at once, in order, and each delivery its own verdicts", async () => {
  const answers: ((result: void | WriteResult) => void)[] = [];
  const seen: string[] = [];
  let most = 0;
  const part: BatchSinkPart = {
    accepts: "batches",
    maxEvents: 2,
    inFlight: 3,
    write(batch) {
      for (let index = 0; index < batch.count; index++) seen.push(decoder.decode(batch.payload(index)));
      return new Promise((resolve) => most = Math.max(most, answers.push(resolve)));
    },
    close() {},
  };
  const sink = new SinkManager({ alias: "t", part, codec: undefined, postprocessors: [], onError() {} });
  const texts = Array.from({ length: 40 }, (_, index) => String(index));
  const out = new Fanout();
  out.link(sink);
  const settled: string[] = [];
  const running = new SourceManager({
    alias: "t",
    part: {
      produces: "events",
      poll: pollEach(Array.from({ length: 8 }, (_, number) => texts.slice(number * 5, number * 5 + 5))),
      settle: (batch, failures) => failures.forEach((_, index) => settled.push(decoder.decode(batch.payload(index)))),
      close() {},
    },
    codec: string,
    preprocessors: [],
    batchEvents: 5,
    out,
    signal: new AbortController().signal,
    onError() {},
  }).run();
  let ended = false;
  void running.then(() => ended = true);
  while (!ended) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    // Of every batch under way, the newest answers first, and refuses its first event.
    answers.splice(0).reverse().forEach((answer) =>
      answer({ verdicts: [{ index: 0, action: 1, failureClass: 1, code: 0, retryAfterMs: 0 }] })
    );
  }
  await sink.drain();
  assertEquals(most, 3);
  assertEquals(seen, texts);
  assertEquals(sink.metrics.failed + sink.metrics.out, 40);
  assertEquals(settled.length, sink.metrics.failed);
});

Deno.test("a batch sink's verdicts fail single events", async () => {
  const part: BatchSinkPart = {
    accepts: "batches",
    maxEvents: 2,
    write: (batch) => ({
      verdicts: batch.count < 2 ? [] : [{ index: 1, action: 2, failureClass: 3, code: -1, retryAfterMs: 0 }],
    }),
    close() {},
  };
  const sink = new SinkManager({
    alias: "t",
    part,
    codec: undefined,
    postprocessors: [],
    onError() {},
  });
  const settled: number[][] = [];
  const out = new Fanout();
  out.link(sink);
  await new SourceManager({
    alias: "t",
    part: {
      produces: "events",
      poll: pollOnce(["a", "b", "c", "d", "e"]),
      settle: (_, failures) => settled.push([...failures.keys()]),
      close() {},
    },
    codec: string,
    preprocessors: [],
    out,
    signal: new AbortController().signal,
    onError() {},
  }).run();
  assertEquals(settled, [[1, 3]]);
});
