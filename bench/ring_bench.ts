/**
 * What a batch costs on its way between the host and a Worker or a guard process: `deno bench -A bench/ring_bench.ts`.
 *
 * One iteration of "1024 events" is 1024 × 222 bytes: divide by 1024 for an event.
 * @module
 */
import { fromFileUrl } from "@std/path";
import { buildMemoryLibrary } from "../ffi/memory_library.ts";
import { createSharedMemory } from "../ffi/shared_memory.ts";
import { Batch } from "../runtime/data/batch.ts";
import { createRing, formatRing, ringBytes } from "../runtime/data/ring.ts";
import { RingConsumer } from "../runtime/data/ring_consumer.ts";
import { RingProducer } from "../runtime/data/ring_producer.ts";
import { ProcessLink } from "../runtime/isolation/process_link.ts";
import { noPermissions, startWorker } from "../runtime/isolation/start_worker.ts";

const payload = new Uint8Array(222).fill(0x41);

interface Peer extends AsyncDisposable {
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
}

function worker(filling: boolean): Promise<Peer> {
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
  return Promise.resolve({
    producer: new RingProducer(input),
    consumer: new RingConsumer(output),
    [Symbol.asyncDispose]: () => Promise.resolve(worker.terminate()),
  });
}

/** The rings of a guard, without the plugin. */
async function guard(filling: boolean): Promise<Peer> {
  const library = await buildMemoryLibrary();
  const memory = await createSharedMemory(2 * ringBytes());
  const input = formatRing(memory.buffer, memory.offset);
  const output = formatRing(memory.buffer, memory.offset + ringBytes());
  const script = fromFileUrl(import.meta.resolve("./ring_echo_process.ts"));
  const words = [library, memory.path, memory.bytes, Deno.pid, filling ? payload.length : 0].map(String);
  const link = new ProcessLink({
    plugin: "bench",
    alias: "bench",
    log: () => {},
    process: {
      command: Deno.execPath(),
      args: ["run", "--quiet", "--no-config", "--no-lock", `--allow-ffi=${library}`, script, ...words],
      cwd: "/",
    },
    slotMs: 600_000,
    memoryBytes: Infinity,
    residentBytes: () => undefined,
  });
  return {
    producer: new RingProducer(input, link.waker),
    consumer: new RingConsumer(output, link.waker),
    async [Symbol.asyncDispose]() {
      await link.terminate();
      memory[Symbol.dispose]();
    },
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

for (const [group, peer] of [["Worker", worker], ["guard", guard]] as const) {
  Deno.bench(`${group}: round trip of one event of 222 bytes`, { group: "round trip" }, async (context) => {
    await using echo = await peer(false);
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

  Deno.bench(`${group}: 1024 events to the host, copied and checked`, { group: "events" }, async (context) => {
    await using source = await peer(true);
    for (let warm = 0; warm < 100; warm++) await receive(source.consumer, host);
    context.start();
    for (let turn = 0; turn < 100; turn++) await receive(source.consumer, host);
    context.end();
  });
}

Deno.bench("1024 events copied into a slot", { group: "one side" }, () => {
  shared.copyFrom(full, 0);
});

Deno.bench("1024 events copied out of a slot and checked", { group: "one side" }, () => {
  host.clear();
  host.absorb(shared);
});
