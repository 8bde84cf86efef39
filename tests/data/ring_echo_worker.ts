import { Batch } from "../../runtime/data/batch.ts";
import type { RingMemory } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { integer, seeded } from "./random.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ input: RingMemory; output: RingMemory; seed: number }>) => void;
};

scope.onmessage = async ({ data: { input, output, seed } }) => {
  const random = seeded(seed);
  const consumer = new RingConsumer(input);
  const producer = new RingProducer(output);
  const copy = Batch.allocate({ capacity: input.capacity, arenaBytes: input.arenaBytes });
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
    if (random() < 0.0005) {
      await new Promise((resolve) => setTimeout(resolve, integer(random, 5)));
    }
  }
  producer.close();
};
