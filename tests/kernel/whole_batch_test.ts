import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { KEY, KEY_SEGMENT, META, META_SEGMENT } from "../../runtime/data/record_parts.ts";
import type { Delivery } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";
import { hasKernel, openKernel } from "./kernel_twin.ts";

const ignore = !await hasKernel();
const text = new TextDecoder();
const LEVEL = [{ filter: ["==", ["field", "level"], "error"] as const }];

/** Every second one is an error; events lie in `pieces` segments that all begin at the same byte, with key and metadata in others. */
function inPieces(count: number, pieces: number): Batch {
  const encoder = new TextEncoder();
  const lines = Array.from({ length: count }, (_, n) => `{"n":${n},"level":"${n % 2 === 0 ? "error" : "info"}"}`);
  const memory = encoder.encode(`${lines.join("\n")}\n`);
  const batch = Batch.allocate({ capacity: count, arenaBytes: 0, segments: pieces + 2 });
  const names = batch.addSegment(encoder.encode("key meta"));
  const each = Math.ceil(count / pieces);
  let start = 0;
  let segment = 0;
  for (const [index, line] of lines.entries()) {
    if (index % each === 0) {
      const end = lines.slice(0, index + each).reduce((sum, { length }) => sum + length + 1, 0);
      segment = batch.addSegment(memory.subarray(0, end));
    }
    const made = batch.append(segment, start, line.length, 1000 + index);
    batch.setSequence(made, 70 + index);
    batch.setPartition(made, 3);
    const at = batch.recordAt(made);
    if (index % 4 === 0) {
      batch.words.set([0, 3], at + KEY);
      batch.halves[(at << 1) + KEY_SEGMENT] = names;
      batch.words.set([4, 4], at + META);
      batch.halves[(at << 1) + META_SEGMENT] = names;
    }
    start += line.length + 1;
  }
  return batch;
}

/** Pushes a batch through the filter; what comes out is looked at by `take` and released later. */
async function filtered(batch: Batch, take: (delivery: Delivery) => void) {
  const { kernel, opened } = await openKernel(LEVEL);
  const deliveries: Delivery[] = [];
  const out = new Fanout();
  out.link({
    push(delivery) {
      deliveries.push(delivery);
      take(delivery);
    },
    drain: () => Promise.resolve(),
  });
  const pipeline = new Pipeline(compilePipeline(LEVEL, "test"), {
    alias: "test/main",
    out,
    err: new Fanout(),
    onError: (error) => {
      throw error;
    },
    kernel,
  });
  const verdicts: (readonly number[])[] = [];
  const settlement = new Settlement((failures) => void verdicts.push([...failures.keys()]));
  await pipeline.push({ batch, events: undefined, codec: json, settlement });
  return { pipeline, deliveries, verdicts, opened };
}

Deno.test({
  name: "events a filter keeps go on as one batch, where they lie, with key, metadata, token and stream",
  ignore,
  async fn() {
    for (const pieces of [1, 3, 9]) {
      const batch = inPieces(100, pieces);
      const found: string[] = [];
      const { verdicts, deliveries, opened } = await filtered(batch, ({ batch: kept, events }) => {
        assertEquals(events, undefined);
        for (let index = 0; index < kept!.count; index++) {
          const payload = kept!.payload(index);
          assertStrictEquals(payload.buffer, batch.payload(0).buffer);
          assertEquals(kept!.partition(index), 3);
          const key = text.decode(kept!.key(index));
          found.push(
            `${kept!.timestampMs(index)} ${kept!.sequence(index)} ${key} ${text.decode(kept!.metadata(index))} ${
              text.decode(payload)
            }`,
          );
        }
      });
      await using _ = opened;
      assertEquals(
        found,
        Array.from({ length: 50 }, (_, half) => {
          const n = 2 * half;
          return `${1000 + n} ${70 + n} ${n % 4 === 0 ? "key meta" : " "} {"n":${n},"level":"error"}`;
        }),
      );
      const [{ batch: kept, settlement } = assertOne()] = deliveries;
      assertEquals(verdicts, []);
      settlement.fail(1, new Error("refused"));
      settlement.fail(49, new Error("refused"));
      settlement.release();
      // The third and the last error of the input.
      assertEquals(verdicts, [[2, 98]]);
      assertEquals(kept!.segmentCount, 1, "the memory of the input is let go");
    }
  },
});

Deno.test({
  name: "a verdict that stays open holds the batch of a filter no longer than its bytes are read",
  ignore,
  async fn() {
    const { verdicts, deliveries, opened } = await filtered(inPieces(10, 2), () => {});
    await using _ = opened;
    const [{ batch: kept, settlement } = assertOne()] = deliveries;
    settlement.hold();
    settlement.release();
    assert(kept!.segmentCount === 1 && verdicts.length === 0);
    settlement.fail(0, new Error("late"));
    settlement.letGo();
    assertEquals(verdicts, [[0]]);
  },
});

Deno.test({
  name: "events of an input in very many pieces go on one by one, and are the same",
  ignore,
  async fn() {
    const found: unknown[] = [];
    const { deliveries, verdicts, opened } = await filtered(
      inPieces(600, 300),
      ({ events }) => found.push(...events!.map(({ value }) => (value as { n: number }).n)),
    );
    await using _ = opened;
    assertEquals(found, Array.from({ length: 300 }, (_, half) => 2 * half));
    deliveries[0]!.settlement.release();
    assertEquals(verdicts, [[]]);
  },
});

function assertOne(): never {
  throw new TypeError("nothing came out");
}

Deno.test({
  name: "a projection has room for events as large as the memory they lie in, whoever owns it",
  ignore,
  async fn() {
    const { kernel, opened } = await openKernel([{ project: { text: ["field", "text"] } }]);
    await using _ = opened;
    const encoder = new TextEncoder();
    const batch = Batch.allocate({ capacity: 64, arenaBytes: 0, segments: 3 });
    const payload = encoder.encode(JSON.stringify({ text: "x".repeat(100_000) }));
    for (let piece = 0; piece < 2; piece++) {
      const memory = new Uint8Array(payload.length * 32);
      const segment = batch.addSegment(memory);
      for (let index = 0; index < 32; index++) {
        memory.set(payload, payload.length * index);
        batch.append(segment, payload.length * index, payload.length, 1000);
      }
    }
    const { kept, punted, give } = kernel.run(batch);
    assertEquals([kept, punted], [64, 0]);
    give();
  },
});
