/** When a durable pipeline commits. */
import { assert, assertEquals } from "@std/assert";
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

Deno.test("a state that takes long to write is written less often, so that the pipeline does other things, too", async () => {
  let writing = 0;
  let commits = 0;
  const store = {
    load: () => undefined,
    save: () => {
      const started = performance.now();
      while (performance.now() - started < 20);
      writing += performance.now() - started;
      commits++;
    },
  };
  const options = { alias: "flow/main", out: new Fanout(), err: new Fanout(), port: () => new Fanout() };
  const onError = (error: unknown): never => {
    throw error;
  };
  const pipeline = new Pipeline(compilePipeline([{ count: { by: { k: ["field", []] } } }], "flow"), {
    ...options,
    onError,
  });
  const durable = new DurablePipeline({
    pipeline,
    store,
    alias: "flow/main",
    everyMs: 1,
    stopped: () => true,
    onError,
  });
  const batch = Batch.allocate({ capacity: 1, arenaBytes: 64 });
  batch.appendBytes(json.encode(1), Date.now());
  const started = performance.now();
  const ends = started + 20_000;
  while (commits < 4 && performance.now() < ends) {
    await durable.push({ batch, events: undefined, codec: json, settlement: new Settlement(() => {}) });
    await new Promise((resolve) => setTimeout(resolve));
  }
  durable.close();
  pipeline.close();
  assertEquals(commits, 4);
  // Three pauses of nine times as long lie between four commits.
  assert(performance.now() - started > writing * 5, `${writing} ms of ${performance.now() - started}`);
});
