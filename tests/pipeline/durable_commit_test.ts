/** When a durable pipeline commits. */
import { assertEquals } from "@std/assert";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { DurablePipeline } from "../../runtime/pipeline/durable_pipeline.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";
import { StateStore } from "../../runtime/pipeline/store/state_store.ts";

Deno.test("a result that a timer gave is delivered before the state it left is committed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using store = new StateStore(`${folder}/state.db`);
    const given = Promise.withResolvers<Delivery>();
    const out = new Fanout();
    out.link({
      push: (delivery) => {
        // Taken, and not delivered yet.
        if (eventsOf(delivery).length > 0) given.resolve(delivery);
      },
      drain: () => Promise.resolve(),
    });
    // The window ends by its timer, long after the only event.
    const window = { tumbling: { intervalMs: 20 } };
    const pipeline = new Pipeline(
      compilePipeline([{ select: { window, target: ["count"] } }], "flow: pipelines.main"),
      {
        alias: "flow/main",
        out,
        err: new Fanout(),
        port: () => new Fanout(),
        onError: (error) => {
          throw error;
        },
      },
    );
    const durable = new DurablePipeline({
      pipeline,
      store,
      alias: "flow/main",
      everyMs: 3_600_000,
      stopped: () => true,
      onError: (error) => {
        throw error;
      },
    });
    const acked = Promise.withResolvers<void>();
    const batch = Batch.allocate({ capacity: 1, arenaBytes: 64 });
    batch.appendBytes(json.encode(1), Date.now());
    await durable.push({ batch, events: undefined, codec: json, settlement: new Settlement(() => acked.resolve()) });
    const result = await given.promise;
    assertEquals(eventsOf(result).map(({ value }) => value), [1]);
    let drained = false;
    const draining = durable.drain().then(() => drained = true);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    assertEquals([drained, store.load("flow/main")], [false, undefined]);
    result.settlement.release();
    await draining;
    await acked.promise;
    assertEquals(store.load("flow/main")?.position, 1);
    pipeline.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
