/**
 * What the flow layer costs beside a hand-written loop: `deno task offline deno bench --no-lock --allow-env bench/pipeline_bench.ts`.
 *
 * One iteration is a batch of 1,024 JSON events of some 220 bytes; divide by 1,024 for an event.
 * @module
 */
import { createCodec } from "../runtime/codec/codecs.ts";
import { Batch } from "../runtime/data/batch.ts";
import { type Consumer, type Delivery, eventsOf } from "../runtime/flow/delivery.ts";
import { Fanout } from "../runtime/flow/fanout.ts";
import type { PipelineDefinition } from "../runtime/flow/flow_definition.ts";
import { Settlement } from "../runtime/flow/settlement.ts";
import { compilePipeline, Pipeline } from "../runtime/pipeline/pipeline.ts";

const EVENTS = 1024;
const json = createCodec("json");
const batch = Batch.allocate({ capacity: EVENTS, arenaBytes: EVENTS * 256 });
for (let n = 0; n < EVENTS; n++) {
  const event = {
    ts: "2026-11-22T15:14:17.123Z",
    level: n % 10 === 0 ? "error" : "info",
    service: "checkout",
    host: `node-${n % 17}`,
    msg: "payment declined for order",
    order: 123456 + n,
    amount: 99.95,
    currency: "EUR",
    tags: ["a", "b", "c"],
    user: { id: n, country: "ES" },
  };
  batch.appendBytes(new TextEncoder().encode(JSON.stringify(event)), Date.now());
}

let seen = 0;
const sink: Consumer = {
  push(delivery: Delivery): void {
    for (const event of eventsOf(delivery)) seen += event.bytes(json).byteLength;
    delivery.settlement.release();
  },
  drain: () => Promise.resolve(),
};

function pipeline(definition: PipelineDefinition): () => void {
  const out = new Fanout();
  out.link(sink);
  const running = new Pipeline(compilePipeline(definition, "bench"), {
    alias: "bench",
    out,
    err: new Fanout(),
    onError(error) {
      throw error;
    },
  });
  return () => {
    running.push({ batch, events: undefined, codec: json, settlement: new Settlement(() => {}) });
  };
}

function byHand(keep: (value: Record<string, unknown>) => Uint8Array | undefined): () => void {
  const decoder = new TextDecoder();
  return () => {
    for (let index = 0; index < batch.count; index++) {
      seen += keep(JSON.parse(decoder.decode(batch.payload(index))))?.byteLength ?? 0;
    }
  };
}

const encoder = new TextEncoder();

Deno.bench("filter: pipeline", { group: "filter" }, pipeline([{ filter: ["==", ["field", "level"], "error"] }]));
Deno.bench(
  "filter: by hand",
  { group: "filter", baseline: true },
  byHand((value) => value["level"] === "error" ? encoder.encode(JSON.stringify(value)) : undefined),
);

Deno.bench(
  "project: pipeline",
  { group: "project" },
  pipeline([{ project: { host: ["field", "host"], order: ["field", "order"], country: ["field", "user.country"] } }]),
);
Deno.bench(
  "project: by hand",
  { group: "project", baseline: true },
  byHand(({ host, order, user }) =>
    encoder.encode(JSON.stringify({ host, order, country: (user as { country: string }).country }))
  ),
);

Deno.bench("untouched: pipeline", { group: "untouched" }, pipeline([{ filter: (event) => event.index % 2 === 0 }]));
