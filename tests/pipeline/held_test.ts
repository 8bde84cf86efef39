import { assertEquals } from "@std/assert";
import { json } from "../../runtime/codec/json.ts";
import { SourceManager } from "../../runtime/connector/source_manager.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { emitWatched, Held } from "../../runtime/pipeline/held.ts";
import type { Operator } from "../../runtime/pipeline/operator.ts";
import { Pipeline } from "../../runtime/pipeline/pipeline.ts";

const encoder = new TextEncoder();

/** Puts every so many values into one list. */
function chunks(size: number): Operator {
  const held = new Held();
  let values: unknown[] = [];
  const flush: NonNullable<Operator["flush"]> = (emit) => {
    if (values.length === 0) return;
    const made = values;
    values = [];
    held.emit(made, json, 0, emit);
  };
  return {
    name: "chunks",
    step: (event, emit) => {
      values.push(event.value);
      held.add(event);
      if (values.length === size) flush(emit);
      return true;
    },
    flush,
  };
}

interface Verdicts {
  readonly settled: number[];
  readonly freed: number[];
  readonly failed: [number, number][];
}

/** Feeds `batches` of two events each, and keeps what comes out until told. */
function harness(operators: readonly Operator[], refuse: (value: unknown) => boolean = () => false) {
  const verdicts: Verdicts = { settled: [], freed: [], failed: [] };
  const taken: Delivery[] = [];
  const values: unknown[] = [];
  const out = new Fanout();
  out.link({
    push: (delivery) => {
      taken.push(delivery);
      for (const event of eventsOf(delivery)) {
        values.push(event.value);
        if (refuse(event.value)) event.settlement?.fail(event.origin, "refused");
      }
    },
    drain: () => Promise.resolve(),
  });
  const pipeline = new Pipeline(operators, { alias: "f/p", out, err: new Fanout(), onError: () => {} });
  let next = 0;
  return {
    verdicts,
    values,
    pipeline,
    feed(): void {
      const id = next++;
      const batch = Batch.allocate({ capacity: 2 });
      for (const at of [0, 1]) batch.appendBytes(encoder.encode(JSON.stringify(id * 2 + at)), 0);
      pipeline.push({
        batch,
        events: undefined,
        codec: json,
        settlement: new Settlement((failures) => {
          verdicts.settled.push(id);
          for (const index of failures.keys()) verdicts.failed.push([id, index]);
        }, () => verdicts.freed.push(id)),
      });
    },
    take(): void {
      for (const delivery of taken.splice(0)) delivery.settlement.release();
    },
  };
}

Deno.test("a held event gives its batch back at once and its verdict with what was made of it", () => {
  const { feed, take, verdicts, values } = harness([chunks(3)]);
  feed();
  take();
  assertEquals(verdicts, { settled: [], freed: [0], failed: [] });
  feed();
  assertEquals(values, [[0, 1, 2]]);
  assertEquals(verdicts.settled, []);
  take();
  assertEquals(verdicts, { settled: [0], freed: [0, 1], failed: [] });
});

Deno.test("the failure of what was made of events is the failure of each of them, and of no other", () => {
  const { feed, take, verdicts } = harness([chunks(3)], (value) => JSON.stringify(value) === "[0,1,2]");
  for (let batch = 0; batch < 3; batch++) feed();
  take();
  assertEquals(verdicts.settled.toSorted(), [0, 1, 2]);
  assertEquals(verdicts.failed.toSorted(), [[0, 0], [0, 1], [1, 0]]);
});

Deno.test("what is held when the flow drains is handed on and settled", async () => {
  const { feed, take, verdicts, values, pipeline } = harness([chunks(4), chunks(2)]);
  for (let batch = 0; batch < 3; batch++) feed();
  take();
  assertEquals(verdicts.settled, []);
  await pipeline.drain();
  take();
  assertEquals(values, [[[0, 1, 2, 3], [4, 5]]]);
  assertEquals(verdicts.settled.toSorted(), [0, 1, 2]);
});

Deno.test("a later step that drops or throws on what was made settles what it was made of", async () => {
  const dropping: Operator = { name: "drop", step: () => false };
  const dropped = harness([chunks(2), dropping]);
  dropped.feed();
  dropped.take();
  assertEquals(dropped.verdicts, { settled: [0], freed: [], failed: [] });

  const throwing: Operator = {
    name: "throw",
    step: () => {
      throw new TypeError("no");
    },
  };
  const thrown = harness([chunks(4), throwing]);
  thrown.feed();
  await thrown.pipeline.drain();
  thrown.take();
  assertEquals(thrown.verdicts.settled, [0]);
  assertEquals(thrown.verdicts.failed, [[0, 0], [0, 1]]);
});

Deno.test("two branches that hold an event give it one verdict", () => {
  const held = [new Held(), new Held()];
  const verdicts: number[] = [];
  const both: Operator = {
    name: "both",
    step: (event) => {
      for (const each of held) each.add(event);
      return true;
    },
  };
  const { feed, take, verdicts: found } = harness([both]);
  feed();
  take();
  held[0]!.settle(true, "one failed");
  assertEquals(verdicts, []);
  assertEquals(found.settled, []);
  held[1]!.settle(false);
  assertEquals(found.settled, [0]);
  assertEquals(found.failed, [[0, 0], [0, 1]]);
});

Deno.test("an operator that watches an event hears its verdict and passes it on once", () => {
  const told: boolean[] = [];
  const watch: Operator = {
    name: "watch",
    step: (event, emit) => emitWatched(event, emit, (failed) => told.push(failed)),
  };
  const { feed, take, verdicts } = harness([watch], (value) => value === 1);
  feed();
  assertEquals(told, []);
  take();
  assertEquals(told, [false, true]);
  assertEquals(verdicts, { settled: [0], freed: [], failed: [[0, 1]] });
});

for (const settlesCopies of [true, false]) {
  const how = settlesCopies ? "its batches are filled again" : "its batches stay until they are settled";
  Deno.test(`a source reads on while more events are held than it may have in flight: ${how}`, () =>
    readsOn(settlesCopies));
}

async function readsOn(settlesCopies: boolean): Promise<void> {
  let polled = 0;
  const batches = new Set<Batch>();
  const out = new Fanout();
  const results: unknown[] = [];
  const end = new Fanout();
  end.link({
    push: (delivery) => {
      results.push(...eventsOf(delivery).map(({ value }) => (value as unknown[]).length));
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  });
  const pipeline = new Pipeline([chunks(1000)], { alias: "f/p", out: end, err: new Fanout(), onError: () => {} });
  out.link(pipeline);
  let settled = 0;
  const manager = new SourceManager({
    alias: "f/in",
    part: {
      produces: "events",
      settlesCopies,
      poll: (batch) => {
        batches.add(batch);
        batch.appendBytes(encoder.encode(String(polled)), 0);
        return { state: ++polled === 500 ? "ended" : "filled" };
      },
      settle: (batch) => void (settled += batch.count),
      close: () => {},
    },
    codec: json,
    preprocessors: [],
    batchEvents: 1,
    out,
    signal: new AbortController().signal,
    onError: (error) => {
      throw error;
    },
  });
  await manager.run();
  assertEquals(settled, 0);
  await pipeline.drain();
  assertEquals(results, [500]);
  assertEquals(settled, 500);
  assertEquals(batches.size, settlesCopies ? 1 : 500);
}
