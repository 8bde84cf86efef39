import { assertEquals, assertStrictEquals } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { BatchFeeder } from "../../runtime/connector/batch_feeder.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const json = createCodec("json");

function delivery(choose: (index: number) => readonly number[]): { delivery: Delivery; failed: number[] } {
  const batch = Batch.allocate({ capacity: 8, arenaBytes: 4096 });
  for (let index = 0; index < 8; index++) batch.appendBytes(json.encode(index), 1);
  const failed: number[] = [];
  const settlement = new Settlement((failures) => failed.push(...failures.keys()));
  const all = eventsOf({ batch, events: undefined, codec: json, settlement });
  const events = all.flatMap((_, index) => choose(index).map((chosen) => all[chosen]!));
  return { delivery: { batch, events, codec: json, settlement }, failed };
}

function feeder(): BatchFeeder {
  return new BatchFeeder({
    alias: "flow/sink",
    codec: undefined,
    maxEvents: 1024,
    onError(_, error) {
      throw error;
    },
  });
}

function values(batch: Batch): unknown[] {
  return Array.from({ length: batch.count }, (_, index) => json.decode(batch.payload(index)));
}

Deno.test("a batch of which every event passed unchanged is handed over as it is, and failures find their event", () => {
  const { delivery: whole, failed } = delivery((index) => [index]);
  const [feed, ...others] = [...feeder().feed(whole)];
  assertEquals(others.length, 0);
  assertStrictEquals(feed!.batch, whole.batch);
  feed!.fail(5, "refused");
  feed!.release();
  whole.settlement.release();
  assertEquals(failed, [5]);
});

Deno.test("events in another order, given twice or left out, are not taken for the whole batch", () => {
  for (
    const [choose, expected] of [
      [(index: number) => [7 - index], [7, 6, 5, 4, 3, 2, 1, 0]],
      [(index: number) => index === 0 ? [0, 0] : index === 7 ? [] : [index], [0, 0, 1, 2, 3, 4, 5, 6]],
      [(index: number) => index % 2 === 0 ? [index] : [], [0, 2, 4, 6]],
    ] as const
  ) {
    const fed: unknown[] = [];
    for (const feed of feeder().feed(delivery(choose).delivery)) {
      fed.push(...values(feed.batch));
      feed.release();
    }
    assertEquals(fed, [...expected]);
  }
});
