/** `tcp_pipeline.ts LISTEN_PORT CONNECT_PORT`: the pipeline `enrich` without its window, from TCP to TCP, in a loop over a socket. */
import { json } from "../../runtime/codec/json.ts";
import { type Consumer, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";
import { eachBatch, lineBatch } from "./frames.ts";
import { pipelineWorkload } from "./workloads.ts";

const [listenPort, connectPort] = Deno.args.map(Number) as [number, number];
const listener = Deno.listen({ hostname: "127.0.0.1", port: listenPort });
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
const from = await listener.accept();
const to = await Deno.connect({ hostname: "127.0.0.1", port: connectPort });
to.setNoDelay(true);

let pending = new Uint8Array(1 << 17);
let length = 0;
const put = (bytes: Uint8Array): void => {
  if (length + bytes.byteLength + 1 > pending.byteLength) {
    const larger = new Uint8Array(2 * (length + bytes.byteLength + 1));
    larger.set(pending.subarray(0, length));
    pending = larger;
  }
  pending.set(bytes, length);
  length += bytes.byteLength;
  pending[length++] = 10;
};
const sink: Consumer = {
  push(delivery): void {
    for (const event of eventsOf(delivery)) put(event.bytes(json));
    delivery.settlement.release();
  },
  drain: () => Promise.resolve(),
};
const out = new Fanout();
out.link(sink);
const enrich = pipelineWorkload("enrich");
const pipeline = new Pipeline(compilePipeline(Array.isArray(enrich) ? enrich.slice(0, 2) : enrich, "tcp"), {
  alias: "bench/tcp",
  out,
  err: new Fanout(),
  onError(error) {
    throw error;
  },
});

const buffer = new Uint8Array(1 << 16);
const batch = lineBatch();
let have = 0;
for (
  let got = await from.read(buffer.subarray(have));
  got !== null;
  got = await from.read(buffer.subarray(have))
) {
  have += got;
  const end = buffer.lastIndexOf(10, have - 1) + 1;
  if (end === 0) continue;
  eachBatch(buffer.subarray(0, end), batch, (full) => {
    pipeline.push({ batch: full, events: undefined, codec: json, settlement: new Settlement(() => {}) });
  });
  for (let sent = 0; sent < length;) sent += await to.write(pending.subarray(sent, length));
  length = 0;
  buffer.copyWithin(0, end, have);
  have -= end;
}
to.close();
from.close();
listener.close();
