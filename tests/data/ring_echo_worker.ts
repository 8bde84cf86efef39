import type { RingMemory } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { echo } from "./ring_echo.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ input: RingMemory; output: RingMemory; seed: number; pauses: number }>) => void;
};

scope.onmessage = ({ data: { input, output, seed, pauses } }) =>
  echo(new RingConsumer(input), new RingProducer(output), seed, pauses);
