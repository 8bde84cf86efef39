import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { createRing } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { noPermissions, startWorker } from "../../runtime/isolation/start_worker.ts";
import { bytes, integer, seeded } from "./random.ts";

const BATCHES = 120_000;

Deno.test("120,000 batches to a Worker and back: none lost, repeated, reordered or changed", async () => {
  const seed = 20261122;
  const random = seeded(seed);
  const size = { slots: 8, capacity: 4, arenaBytes: 512 };
  const input = createRing(size);
  const output = createRing(size);
  const worker = startWorker({
    url: import.meta.resolve("./ring_echo_worker.ts"),
    name: "ring echo",
    plugin: "test",
    permissions: noPermissions,
    onError: (message) => {
      throw new Error(message);
    },
  });
  worker.postMessage({ input, output, seed });
  const producer = new RingProducer(input);
  const consumer = new RingConsumer(output);
  const filler = bytes(random, 64);
  const host = Batch.allocate(size);
  let sent = 0;
  let received = 0;
  const send = (): boolean => {
    const slot = producer.claim();
    if (slot === undefined) return false;
    const events = 1 + sent % size.capacity;
    for (let event = 0; event < events; event++) {
      slot.appendBytes(filler.subarray(0, (sent + event) % 64), sent);
      slot.setSequence(event, sent * 8 + event);
    }
    producer.publish();
    sent++;
    return true;
  };
  while (received < BATCHES) {
    while (sent < BATCHES && random() < 0.9 && send());
    const slot = consumer.peek();
    if (slot === undefined) {
      if (sent < BATCHES && producer.pending === 0) continue;
      await consumer.waitForBatch({ timeoutMs: 10_000 });
      assert(consumer.available > 0, `stuck after ${received} of ${sent}`);
      continue;
    }
    host.clear();
    host.absorb(slot);
    consumer.consume();
    if (host.count !== 1 + received % size.capacity || host.sequence(0) !== received * 8) {
      assertEquals([host.count, host.sequence(0)], [1 + received % size.capacity, received * 8]);
    }
    for (let event = 0; event < host.count; event++) {
      const payload = host.payload(event);
      const length = (received + event) % 64;
      if (payload.byteLength !== length || (length > 0 && payload[length - 1] !== filler[length - 1])) {
        assertEquals(payload, filler.subarray(0, length), `batch ${received}`);
      }
    }
    received++;
    if (random() < 0.0005) {
      await new Promise((resolve) => setTimeout(resolve, integer(random, 5)));
    }
  }
  producer.close();
  await consumer.waitForBatch({ timeoutMs: 10_000 });
  assert(consumer.ended);
  worker.terminate();
});
