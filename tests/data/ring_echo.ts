import { Batch } from "../../runtime/data/batch.ts";
import type { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import type { RingProducer } from "../../runtime/data/ring_producer.ts";
import { integer, seeded } from "./random.ts";

/** Sends back every batch, with a pause now and then, until the other side ends. */
export async function echo(
  consumer: RingConsumer,
  producer: RingProducer,
  seed: number,
  pauses: number,
): Promise<void> {
  const random = seeded(seed);
  const copy = Batch.allocate({ capacity: 4, arenaBytes: 512 });
  for (;;) {
    const slot = consumer.peek();
    if (slot === undefined) {
      if (consumer.ended) break;
      await consumer.waitForBatch();
      continue;
    }
    const out = producer.claim();
    if (out === undefined) {
      await producer.waitForRoom();
      continue;
    }
    copy.clear();
    copy.absorb(slot);
    consumer.consume();
    out.copyFrom(copy, 0);
    producer.publish();
    if (random() < pauses) {
      await new Promise((resolve) => setTimeout(resolve, integer(random, 5)));
    }
  }
  producer.close();
}
