import { assertEquals } from "@std/assert";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { cursorUseOf } from "../../runtime/pipeline/cursor_use.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";

const LINES = ['{"n":0,"k":"a"}', '{"n":1,"k":"b"}', "{broken", '{"n":3,"k":"a"}', '{"n":4,"k":"c"}'];

/** What comes out at each port, and which events failed. */
async function run(definition: PipelineDefinition, readsValues: boolean, ports: readonly string[]) {
  const taken: Record<string, unknown[]> = {};
  const fanouts = new Map(["out", ...ports].map((name) => {
    const fanout = new Fanout();
    fanout.link({
      readsValues: () => readsValues,
      push(delivery: Delivery) {
        for (const event of eventsOf(delivery)) (taken[name] ??= []).push(event.value);
        delivery.settlement.release();
      },
      drain: () => Promise.resolve(),
    });
    return [name, fanout] as const;
  }));
  const batch = Batch.allocate();
  for (const line of LINES) batch.appendBytes(new TextEncoder().encode(line), 1);
  let failed: number[] | undefined;
  const settlement = new Settlement((failures) => failed = [...failures.keys()]);
  const pipeline = new Pipeline(compilePipeline(definition, "main"), {
    alias: "main",
    out: fanouts.get("out")!,
    err: fanouts.get("err") ?? new Fanout(),
    port: (name) => fanouts.get(name) ?? new Fanout(),
    onError() {},
  });
  await pipeline.push({ batch, events: undefined, codec: json, settlement });
  await pipeline.drain();
  return { taken, failed, metrics: pipeline.metrics };
}

const field = (name: string) => ["field", name] as const;

const DEFINITIONS: Record<string, { readonly definition: PipelineDefinition; readonly ports?: readonly string[] }> = {
  "a filter": { definition: [{ filter: [">", field("n"), 0] }] },
  "a filter, with err linked": { definition: [{ filter: [">", field("n"), 0] }], ports: ["err"] },
  "a projection": { definition: [{ project: { k: field("k") } }] },
  "a count": { definition: [{ count: { by: { k: field("k") } } }] },
  "a window that turns groups away": {
    definition: [{
      select: {
        groupBy: field("k"),
        window: { tumbling: { size: 10, maxGroups: 1 } },
        target: { k: ["group", 0], n: ["count"] },
      },
    }],
    ports: ["overflow"],
  },
  "a branch": { definition: [{ branch: { big: [">", field("n"), 2] } }], ports: ["big"] },
  "steps that keep values": {
    definition: [
      { enrich: { key: field("k"), as: "known", table: { a: 1 } } },
      { state: { key: field("k"), update: ["field", "event.n"] } },
      { batch: { count: 2 } },
    ],
  },
  "a set field": { definition: [{ set: { twice: ["*", field("n"), 2] } }] },
  "branches": {
    definition: {
      nodes: { big: [{ filter: [">", field("n"), 2] }], keys: [{ project: { k: field("k") } }] },
      links: [
        { from: "in", to: "big" },
        { from: "in", to: "keys" },
        { from: "big", to: "out" },
        { from: "keys", to: "out" },
      ],
    },
  },
};

for (const [what, { definition, ports = [] }] of Object.entries(DEFINITIONS)) {
  Deno.test(`${what} gives the same whether one object stands for all events or not`, async () => {
    const [read, unread] = [await run(definition, true, ports), await run(definition, false, ports)];
    assertEquals(unread, read);
    assertEquals(read.failed, ports.includes("err") ? [] : [2]);
  });
}

Deno.test("one object stands for all events only where nobody keeps it", () => {
  const use = (definition: PipelineDefinition) => cursorUseOf(compilePipeline(definition, "main"));
  const keep = { filter: ["==", field("k"), "a"] } as const;
  const count = { count: { by: { k: field("k") } } } as const;
  const own = { filter: () => true };
  assertEquals(use([keep]), "unread");
  assertEquals(use([keep, count]), "always");
  assertEquals(use([own]), "never");
  assertEquals(use([keep, own]), "never");
  assertEquals(use([keep, { project: { k: field("k") } }, own]), "always");
});
