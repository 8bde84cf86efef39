/**
 * What a batch costs on its way between the host and a Worker: `deno bench -A bench/ring_bench.ts`.
 *
 * One iteration of "1024 events" is 1024 × 222 bytes: divide by 1024 for an event.
 * @module
 */
import { Batch } from "../runtime/data/batch.ts";
import { createRing } from "../runtime/data/ring.ts";
import { RingConsumer } from "../runtime/data/ring_consumer.ts";
import { RingProducer } from "../runtime/data/ring_producer.ts";
import { noPermissions, startWorker } from "../runtime/isolation/start_worker.ts";

const payload = new Uint8Array(222).fill(0x41);

function peer(filling: boolean) {
  const input = createRing();
  const output = createRing();
  const worker = startWorker({
    url: import.meta.resolve("./ring_echo_worker.ts"),
    name: "bench",
    plugin: "bench",
    permissions: noPermissions,
    onError: (message) => {
      throw new Error(message);
    },
  });
  worker.postMessage({ input, output, payload: filling ? payload : undefined });
  return {
    producer: new RingProducer(input),
    consumer: new RingConsumer(output),
    [Symbol.dispose]: () => worker.terminate(),
  };
}

async function receive(consumer: RingConsumer, host: Batch): Promise<void> {
  const waiting = consumer.waitForBatch();
  if (typeof waiting !== "boolean") await waiting;
  host.clear();
  host.absorb(consumer.peek()!);
  consumer.consume();
}

const full = Batch.allocate();
while (full.count < full.capacity && full.appendBytes(payload, 1));
const host = Batch.allocate();
const shared = Batch.allocate({ shared: true });

Deno.bench("round trip of one event of 222 bytes", { group: "Worker" }, async (context) => {
  using echo = peer(false);
  const once = async () => {
    echo.producer.claim()!.appendBytes(payload, 1);
    echo.producer.publish();
    await receive(echo.consumer, host);
  };
  for (let warm = 0; warm < 1000; warm++) await once();
  context.start();
  for (let turn = 0; turn < 100; turn++) await once();
  context.end();
});

Deno.bench("1024 events from a Worker, copied and checked", { group: "Worker" }, async (context) => {
  using source = peer(true);
  for (let warm = 0; warm < 100; warm++) await receive(source.consumer, host);
  context.start();
  for (let turn = 0; turn < 100; turn++) await receive(source.consumer, host);
  context.end();
});

Deno.bench("1024 events copied into a slot", { group: "one side" }, () => {
  shared.copyFrom(full, 0);
});

Deno.bench("1024 events copied out of a slot and checked", { group: "one side" }, () => {
  host.clear();
  host.absorb(shared);
});
