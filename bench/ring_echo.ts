/** The other side of `ring_bench.ts`, wherever it runs. @module */
import type { RingConsumer } from "../runtime/data/ring_consumer.ts";
import type { RingProducer } from "../runtime/data/ring_producer.ts";

/** Fills batch after batch with a payload. */
export async function fill(producer: RingProducer, payload: Uint8Array): Promise<void> {
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

/** Sends back each batch. */
export async function echo(consumer: RingConsumer, producer: RingProducer): Promise<void> {
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
}
