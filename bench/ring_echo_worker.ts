import type { RingMemory } from "../runtime/data/ring.ts";
import { RingConsumer } from "../runtime/data/ring_consumer.ts";
import { RingProducer } from "../runtime/data/ring_producer.ts";
import { echo, fill } from "./ring_echo.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ input: RingMemory; output: RingMemory; payload: Uint8Array | undefined }>) => void;
};

/** Echoes single batches, or, with a payload, fills batch after batch with it. */
scope.onmessage = ({ data: { input, output, payload } }) => {
  const producer = new RingProducer(output);
  return payload === undefined ? echo(new RingConsumer(input), producer) : fill(producer, payload);
};
