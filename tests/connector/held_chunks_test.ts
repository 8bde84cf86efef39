import { assertEquals } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import type { PollResult, SourcePart } from "../../runtime/connector/contract.ts";
import { SourceManager } from "../../runtime/connector/source_manager.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Consumer, type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";

const encoder = new TextEncoder();
const codec = createCodec("string");

type Read = { readonly chunks: readonly [number, string][]; readonly over?: PollResult["streams"] };

/** Numbers its chunks over all reads and notes what it is told about each. */
class Chunks implements SourcePart {
  readonly produces = "chunks";
  readonly told: string[] = [];
  readonly settlesCopies: boolean;
  readonly #reads: Read[];
  #next = 0;
  constructor(reads: readonly Read[], settlesCopies = true) {
    this.#reads = [...reads];
    this.settlesCopies = settlesCopies;
  }
  poll(batch: Batch): PollResult {
    const read = this.#reads.shift();
    for (const [stream, chunk] of read?.chunks ?? []) {
      batch.appendBytes(encoder.encode(chunk), 1);
      batch.setPartition(batch.count - 1, stream);
      batch.setSequence(batch.count - 1, this.#next++);
    }
    return {
      state: this.#reads.length === 0 ? "ended" : "filled",
      ...(read?.over === undefined ? {} : { streams: read.over }),
    };
  }
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    for (let index = 0; index < batch.count; index++) {
      this.told.push(`${batch.sequence(index)} ${failures.has(index) ? "failed" : "acked"}`);
    }
  }
  close(): void {}
}

/** Keeps deliveries open until it is told to judge them. */
class Later implements Consumer {
  readonly open: Delivery[] = [];
  readonly texts: string[] = [];
  push(delivery: Delivery): void {
    this.open.push(delivery);
    this.texts.push(...eventsOf(delivery).map((event) => event.value as string));
  }
  judge(bad: readonly string[] = []): void {
    for (const delivery of this.open.splice(0)) {
      for (const event of eventsOf(delivery)) {
        if (bad.includes(event.value as string)) event.settlement!.fail(event.origin, new Error("no"));
      }
      delivery.settlement.release();
    }
  }
  drain(): Promise<void> {
    return Promise.resolve();
  }
}

function run(
  part: SourcePart,
  preprocessors = ["separate"],
): { to: Later; manager: SourceManager; done: Promise<void> } {
  const to = new Later();
  const make = (): ReturnType<typeof createPreprocessor>[] => preprocessors.map((name) => createPreprocessor(name));
  const out = new Fanout();
  out.link(to);
  const manager = new SourceManager({
    alias: "flow/in",
    part,
    codec,
    preprocessors: make(),
    newPreprocessors: make,
    out,
    signal: new AbortController().signal,
    onError: () => {},
  });
  return { to, manager, done: manager.run() };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
};

for (const settlesCopies of [true, false]) {
  const how = settlesCopies ? "with copies" : "with its own batches";
  Deno.test(`a chunk an event only begins in is settled with that event, ${how}`, async () => {
    const source = new Chunks(
      [{ chunks: [[0, "a\nb"]] }, { chunks: [[0, "b"]] }, { chunks: [[0, "b\nc\n"]] }],
      settlesCopies,
    );
    const { to, done } = run(source);
    await settle();
    assertEquals([to.texts, source.told], [["a", "bbb", "c"], []]);
    to.judge(["bbb"]);
    await done;
    assertEquals(source.told.toSorted(), ["0 failed", "1 failed", "2 failed"]);
  });

  Deno.test(`what was delivered of a chunk says nothing about the event that goes on, ${how}`, async () => {
    const source = new Chunks([{ chunks: [[0, "a\nb"]] }, { chunks: [[0, "b\nc"]] }], settlesCopies);
    const { to, done } = run(source);
    await settle();
    const [first, ...rest] = to.open.splice(0);
    first!.settlement.release();
    assertEquals(source.told, []);
    to.open.push(...rest);
    to.judge(["c"]);
    await done;
    // "c" was whole only at the end of the stream, and its chunk waited for it.
    assertEquals(source.told, ["0 acked", "1 failed"]);
  });
}

Deno.test("chunks of one read and of several streams wait each for its own event", async () => {
  const source = new Chunks([
    { chunks: [[1, "a"], [2, "x"], [1, "a\n"]] },
    { chunks: [[2, "x\n"]] },
    { chunks: [[3, "lost"]], over: [{ stream: 3, state: "lost" }] },
    { chunks: [[4, "end"]], over: [{ stream: 4, state: "ended" }] },
  ]);
  const { to, done } = run(source);
  await settle();
  assertEquals([to.texts, source.told], [["aa", "xx", "end"], ["4 failed"]]);
  to.judge(["xx"]);
  await done;
  assertEquals(source.told.toSorted(), ["0 acked", "1 failed", "2 acked", "3 failed", "4 failed", "5 acked"]);
});

Deno.test("bytes that become no event do not keep their chunk waiting", async () => {
  const source = new Chunks([{ chunks: [[0, "5"]] }, { chunks: [[0, "x"]] }]);
  const { done } = run(source, ["textual-length-prefixed"]);
  await done;
  assertEquals(source.told, ["0 failed", "1 failed"]);
});

Deno.test("a flow that stops before its time fails chunks whose events are not whole", async () => {
  const source = new Chunks([{ chunks: [[0, "a\nb"]] }, { chunks: [[0, "b"]] }, { chunks: [[0, "b\n"]] }]);
  const { to, manager, done } = run(source);
  await settle();
  manager.abandon(new CaissonError("CAISSON_SOURCE_FAILED", { subject: "flow/in", found: "stopped" }));
  await done;
  assertEquals(source.told.toSorted(), ["0 failed", "1 failed", "2 failed"]);
  to.judge();
});
