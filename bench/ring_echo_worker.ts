import type { RingMemory } from "../runtime/data/ring.ts";
import { RingConsumer } from "../runtime/data/ring_consumer.ts";
import { RingProducer } from "../runtime/data/ring_producer.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ input: RingMemory; output: RingMemory; payload: Uint8Array | undefined }>) => void;
};

/** Echoes single batches, or, with a payload, fills batch after batch with it. */
scope.onmessage = async ({ data: { input, output, payload } }) => {
  const producer = new RingProducer(output);
  if (payload !== undefined) {
    for (;;) {
      const slot = producer.claim();
      if (slot === undefined) {
        if (producer.closed) return;
        await producer.waitForRoom();
        continue;
      }
      while (slot.count < slot.capacity && slot.appendBytes(payload, 1));
      producer.publish();
    }
  }
  const consumer = new RingConsumer(input);
  for (;;) {
    const slot = consumer.peek();
    if (slot === undefined) {
      if (consumer.ended) return;
      await consumer.waitForBatch();
      continue;
    }
    producer.claim()!.copyFrom(slot, 0);
    consumer.consume();
    producer.publish();
  }
};
