/** Batches from here to a peer and back, with pauses on both sides, every one of them checked. */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { buildMemoryLibrary } from "../../ffi/memory_library.ts";
import { createSharedMemory } from "../../ffi/shared_memory.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { createRing, formatRing, ringBytes } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { ProcessLink } from "../../runtime/isolation/process_link.ts";
import { noPermissions, startWorker } from "../../runtime/isolation/start_worker.ts";
import { bytes, integer, seeded } from "./random.ts";

/** Size of both rings. */
export const size = { slots: 8, capacity: 4, arenaBytes: 512 };
const seed = 20261122;

/** How often either side pauses after a batch, when nothing else is said. */
const PAUSES = 0.0005;

/** This side's ends of two rings whose other ends send everything back. */
interface Peer extends AsyncDisposable {
  producer: RingProducer;
  consumer: RingConsumer;
  /** Ends the other side and starts it anew on the same rings; nothing may be under way. */
  restart(): Promise<void>;
}

/** A peer in a Worker. */
export function workerPeer(pauses: number = PAUSES): Promise<Peer> {
  const input = createRing(size);
  const output = createRing(size);
  const start = (): Worker => {
    const started = startWorker({
      url: import.meta.resolve("./ring_echo_worker.ts"),
      name: "ring echo",
      plugin: "test",
      permissions: noPermissions,
      onError: (message) => {
        throw new Error(message);
      },
    });
    started.postMessage({ input, output, seed, pauses });
    return started;
  };
  let worker = start();
  return Promise.resolve({
    producer: new RingProducer(input),
    consumer: new RingConsumer(output),
    restart() {
      worker.terminate();
      worker = start();
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(worker.terminate()),
  });
}

/** A peer in a Deno process of its own. */
export async function processPeer(pauses: number = PAUSES): Promise<Peer> {
  const library = await buildMemoryLibrary();
  const memory = await createSharedMemory(2 * ringBytes(size));
  const input = formatRing(memory.buffer, memory.offset, size);
  const output = formatRing(memory.buffer, memory.offset + ringBytes(size), size);
  const script = fromFileUrl(import.meta.resolve("./ring_echo_process.ts"));
  const words = [library, memory.path, memory.bytes, Deno.pid, seed, pauses].map(String);
  const start = () =>
    new ProcessLink({
      plugin: "test",
      alias: "ring echo",
      log: (_level, message) => {
        throw new Error(message);
      },
      process: {
        command: Deno.execPath(),
        args: ["run", "--quiet", "--no-config", "--no-lock", "--no-check", `--allow-ffi=${library}`, script, ...words],
      },
      slotMs: 600_000,
      memoryBytes: Infinity,
      residentBytes: () => undefined,
    });
  let link = start();
  const peer: Peer = {
    producer: new RingProducer(input, link.waker),
    consumer: new RingConsumer(output, link.waker),
    async restart() {
      await link.terminate();
      link = start();
      // The doorbell goes through the pipes of the process there is.
      peer.producer = new RingProducer(input, link.waker);
      peer.consumer = new RingConsumer(output, link.waker);
    },
    async [Symbol.asyncDispose]() {
      await link.terminate();
      memory[Symbol.dispose]();
    },
  };
  return peer;
}

/** How a {@linkcode ringTrip} is disturbed. */
export interface Disturbance {
  /** How often this side pauses after a batch. @default {0.0005} */
  readonly pauses?: number;
  /** The other side is started anew after this many batches. @default {never} */
  readonly restartEvery?: number;
}

/** Sends batches and checks what comes back: nothing lost, repeated, reordered or changed. */
export async function ringTrip(peer: Peer, batches: number, disturbance: Disturbance = {}): Promise<void> {
  const { pauses = PAUSES, restartEvery = Infinity } = disturbance;
  let { producer, consumer } = peer;
  let until = Math.min(batches, restartEvery);
  const random = seeded(seed);
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
  while (received < batches) {
    if (received === until) {
      await peer.restart();
      ({ producer, consumer } = peer);
      until = Math.min(batches, until + restartEvery);
    }
    while (sent < until && random() < 0.9 && send());
    const slot = consumer.peek();
    if (slot === undefined) {
      if (sent < until && producer.pending === 0) continue;
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
    if (random() < pauses) {
      await new Promise((resolve) => setTimeout(resolve, integer(random, 5)));
    }
  }
  producer.close();
  await consumer.waitForBatch({ timeoutMs: 10_000 });
  assert(consumer.ended);
}
