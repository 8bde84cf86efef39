import { assertEquals } from "@std/assert";
import type { Codec } from "../../runtime/codec/codec.ts";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { type Consumer, type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { compileFilter } from "../../runtime/pipeline/filter.ts";
import { Pipeline } from "../../runtime/pipeline/pipeline.ts";

/** JSON that counts how often it decodes. */
function counting(): { readonly codec: Codec; readonly decoded: () => number } {
  let count = 0;
  const { decodeOf: _, ...plain } = json;
  const codec: Codec = { ...plain, decode: (bytes) => (count++, json.decode(bytes)) };
  return { codec, decoded: () => count };
}

async function through(codec: Codec, consumer: Consumer): Promise<void> {
  const batch = Batch.allocate();
  for (let index = 0; index < 10; index++) batch.appendBytes(new TextEncoder().encode(`{"n":${index}}`), 1);
  const out = new Fanout();
  out.link(consumer);
  const err = new Fanout();
  const pipeline = new Pipeline([
    compileFilter((event) => (event.value as { n: number }).n % 2 === 0, "filter"),
  ], { alias: "t", out, err, onError() {} });
  await pipeline.push({ batch, events: undefined, codec, settlement: new Settlement(() => {}) });
}

for (const readsValues of [true, false]) {
  Deno.test(`a value is ${readsValues ? "kept for a taker that reads it" : "let go of when the taker wants bytes"}`, async () => {
    const { codec, decoded } = counting();
    const values: unknown[] = [];
    await through(codec, {
      readsValues: () => readsValues,
      push: (delivery: Delivery) => {
        for (const event of eventsOf(delivery)) values.push(event.value);
        delivery.settlement.release();
      },
      drain: () => Promise.resolve(),
    });
    assertEquals(values, [{ n: 0 }, { n: 2 }, { n: 4 }, { n: 6 }, { n: 8 }]);
    assertEquals(decoded(), readsValues ? 10 : 15);
  });
}
