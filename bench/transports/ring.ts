/** The ring to a Worker and back. @module */
import { Batch } from "../../runtime/data/batch.ts";
import { createRing } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { noPermissions, startWorker } from "../../runtime/isolation/start_worker.ts";
import { SIZES, type Transport } from "./transport.ts";

function ringPeer(size: number, filling: boolean) {
  const options = { slots: 4, capacity: 1024, arenaBytes: Math.max(1 << 20, size) };
  const input = createRing(options);
  const output = createRing(options);
  const worker = startWorker({
    url: import.meta.resolve("../ring_echo_worker.ts"),
    name: "bench",
    plugin: "bench",
    permissions: noPermissions,
    onError: (message) => {
      throw new Error(message);
    },
  });
  worker.postMessage({ input, output, payload: filling ? new Uint8Array(size).fill(0x61) : undefined });
  const host = Batch.allocate(options);
  const consumer = new RingConsumer(output);
  return {
    producer: new RingProducer(input),
    host,
    async receive(): Promise<void> {
      const waiting = consumer.waitForBatch();
      if (typeof waiting !== "boolean") await waiting;
      host.clear();
      host.absorb(consumer.peek()!);
      consumer.consume();
    },
    close: () => worker.terminate(),
  };
}

/** One event a batch there and back; full batches one way. */
export function ring(): Transport {
  const payload = new Uint8Array(SIZES.at(-1)!);
  let peer: ReturnType<typeof ringPeer> | undefined;
  let opened = 0;
  return {
    name: "ring to a Worker",
    async echo(size) {
      if (size !== opened) {
        peer?.close();
        peer = ringPeer(size, false);
        opened = size;
      }
      peer!.producer.claim()!.appendBytes(payload.subarray(0, size), 1);
      peer!.producer.publish();
      await peer!.receive();
    },
    async flow(size, milliseconds) {
      const source = ringPeer(size, true);
      try {
        for (let warm = 0; warm < 8; warm++) await source.receive();
        let bytes = 0;
        const started = performance.now();
        while (performance.now() - started < milliseconds) {
          await source.receive();
          bytes += source.host.count * size;
        }
        return { bytes, milliseconds: performance.now() - started };
      } finally {
        source.close();
      }
    },
    close: () => peer?.close(),
  };
}
