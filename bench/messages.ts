/** Latency and throughput of one message by its size, for every way a message can take. @module */
import { fromFileUrl, join } from "@std/path";
import type { ProcessorPart } from "../runtime/connector/contract.ts";
import { turn } from "../runtime/connector/sleep.ts";
import { Batch } from "../runtime/data/batch.ts";
import { createRing } from "../runtime/data/ring.ts";
import { RingConsumer } from "../runtime/data/ring_consumer.ts";
import { RingProducer } from "../runtime/data/ring_producer.ts";
import { noPermissions, startWorker } from "../runtime/isolation/start_worker.ts";
import { median, percentile } from "./statistics.ts";
import type { Workplace } from "./workplace.ts";

/** Message sizes, bytes. */
export const SIZES = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304] as const;

/** One size over one transport. */
export interface MessageCost {
  /** There and back, microseconds. */
  readonly p50: number;
  /** There and back, microseconds. */
  readonly p99: number;
  /** One way, bytes a second; `undefined` where no byte moves. */
  readonly bytesPerSecond: number | undefined;
}

/** Costs by transport, then size. */
export type MessageResult = ReadonlyMap<string, ReadonlyMap<number, MessageCost>>;

/** One way to send a message. */
interface Transport {
  readonly name: string;
  /** Sends and waits until it is back. */
  echo(size: number): Promise<void> | void;
  /** Bytes moved one way in about this time, and how long it really took. */
  flow(size: number, milliseconds: number): Promise<{ bytes: number; milliseconds: number } | undefined>;
  close(): Promise<void> | void;
}

async function nativeCall(workplace: Workplace): Promise<Transport> {
  const place = workplace.places.find(({ isolation }) => isolation === "native")!;
  const { processor } = await place.launch("processor", {}) as { readonly processor: ProcessorPart };
  const batch = Batch.allocate({ capacity: 1, arenaBytes: SIZES.at(-1)! });
  const out = Batch.allocate({ capacity: 1, arenaBytes: 64 });
  const payload = new Uint8Array(SIZES.at(-1)!);
  let filled = 0;
  return {
    name: "native call",
    echo(size) {
      if (size !== filled) {
        batch.clear();
        batch.appendBytes(payload.subarray(0, size), Date.now());
        filled = size;
      }
      out.ownSegments();
      return processor.process(batch, out);
    },
    // The payload stays where it is: bytes a second would be a made-up number.
    flow: () => Promise.resolve(undefined),
    close: () => processor.close(),
  };
}

function ringPeer(size: number, filling: boolean) {
  const options = { slots: 4, capacity: 1024, arenaBytes: Math.max(1 << 20, size) };
  const input = createRing(options);
  const output = createRing(options);
  const worker = startWorker({
    url: import.meta.resolve("./ring_echo_worker.ts"),
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

function ring(): Transport {
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

function message(): Transport {
  const worker = startWorker({
    url: import.meta.resolve("./message_worker.ts"),
    name: "bench",
    plugin: "bench",
    permissions: noPermissions,
    onError: (text) => {
      throw new Error(text);
    },
  });
  let arrived: (buffer: Uint8Array<ArrayBuffer>) => void = () => {};
  worker.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer>>) => arrived(data);
  let buffer = new Uint8Array(0);
  return {
    name: "postMessage, transferred",
    async echo(size) {
      if (buffer.byteLength !== size) buffer = new Uint8Array(size);
      buffer = await new Promise((resolve) => {
        arrived = resolve;
        worker.postMessage(buffer, [buffer.buffer]);
      });
    },
    async flow(size, milliseconds) {
      const window = Math.max(2, Math.min(256, (16 << 20) / size));
      let messages = 0;
      const started = performance.now();
      await new Promise<void>((resolve) => {
        let open = 2;
        let due = 0;
        const ask = (): void => {
          due += window;
          worker.postMessage({ bytes: size, count: window });
        };
        arrived = () => {
          messages++;
          if (--due % window !== 0) return;
          if (performance.now() - started < milliseconds) ask();
          else if (--open === 0) resolve();
        };
        ask();
        ask();
      });
      return { bytes: messages * size, milliseconds: performance.now() - started };
    },
    close: () => worker.terminate(),
  };
}

interface Ends {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  /** Says that no more will be written. */
  end(): Promise<void>;
  close(): void | Promise<void>;
}

async function writeAll(ends: Ends, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await ends.write(bytes.subarray(at));
}

async function readAll(ends: Ends, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.byteLength;) {
    const read = await ends.read(into.subarray(at));
    if (read === null) throw new Error("the other end closed");
    at += read;
  }
}

function streamed(name: string, open: () => Ends | Promise<Ends>, closeAll: () => void | Promise<void>): Transport {
  const payload = new Uint8Array(SIZES.at(-1)!);
  const answer = new Uint8Array(SIZES.at(-1)!);
  let ends: Ends | undefined;
  return {
    name,
    async echo(size) {
      if (ends === undefined) {
        ends = await open();
        await writeAll(ends, Uint8Array.of(0));
      }
      // Both at once: a message larger than the kernel's buffers would block both sides for ever.
      await Promise.all([writeAll(ends, payload.subarray(0, size)), readAll(ends, answer.subarray(0, size))]);
    },
    async flow(size, milliseconds) {
      const counted = await open();
      await writeAll(counted, Uint8Array.of(1));
      let bytes = 0;
      const started = performance.now();
      while (performance.now() - started < milliseconds) {
        await writeAll(counted, payload.subarray(0, size));
        bytes += size;
      }
      await counted.end();
      const total = new Uint8Array(8);
      await readAll(counted, total);
      const elapsed = performance.now() - started;
      await counted.close();
      if (new Float64Array(total.buffer)[0] !== bytes) throw new Error(`${name}: bytes were lost`);
      return { bytes, milliseconds: elapsed };
    },
    async close() {
      await ends?.close();
      await closeAll();
    },
  };
}

function peerProcess(args: readonly string[], stdin: "piped" | "null"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--no-config",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      fromFileUrl(new URL("./transport_peer.ts", import.meta.url)),
      ...args,
    ],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

function openPipe(): Ends {
  const child = peerProcess(["pipe"], "piped");
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(into) {
      if (rest.byteLength === 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        rest = value;
      }
      const taken = rest.subarray(0, into.byteLength);
      into.set(taken);
      rest = rest.subarray(taken.byteLength);
      return taken.byteLength;
    },
    async write(bytes) {
      await writer.write(bytes);
      return bytes.byteLength;
    },
    end: () => writer.close(),
    async close() {
      await writer.close().catch(() => {});
      await reader.cancel();
      await child.status;
    },
  };
}

async function sockets(workplace: Workplace): Promise<Transport[]> {
  const path = join(workplace.folder, `${crypto.randomUUID()}.sock`);
  const child = peerProcess(["sockets", path], "null");
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value));
  const over = (connection: Deno.Conn): Ends => ({
    read: (into) => connection.read(into),
    write: (bytes) => connection.write(bytes),
    end: () => connection.closeWrite(),
    close: () => connection.close(),
  });
  let users = 2;
  const leave = async (): Promise<void> => {
    if (--users > 0) return;
    child.kill();
    await reader.cancel();
    await child.status;
  };
  return [
    streamed("Unix socket", async () => over(await Deno.connect({ transport: "unix", path })), leave),
    streamed("TCP, loopback", async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.setNoDelay(true);
      return over(connection);
    }, leave),
  ];
}

async function timeEcho(transport: Transport, size: number, milliseconds: number): Promise<number[]> {
  const times: number[] = [];
  const run = async (end: number): Promise<void> => {
    for (let lap = 0; performance.now() < end || lap < 3; lap++) {
      const from = performance.now();
      const pending = transport.echo(size);
      if (pending instanceof Promise) await pending;
      times.push((performance.now() - from) * 1000);
      if (lap % 1024 === 1023) await turn();
    }
  };
  await run(performance.now() + milliseconds / 3);
  times.length = 0;
  await run(performance.now() + milliseconds);
  return times;
}

/** Measures every size over every transport. */
export async function measureMessages(
  workplace: Workplace,
  milliseconds: number,
  say: (text: string) => void,
): Promise<MessageResult> {
  const transports = [
    await nativeCall(workplace),
    ring(),
    message(),
    streamed("pipe", openPipe, () => {}),
    ...await sockets(workplace),
  ];
  const results = new Map<string, Map<number, MessageCost>>();
  for (const transport of transports) {
    const costs = new Map<number, MessageCost>();
    for (const size of SIZES) {
      const times = await timeEcho(transport, size, milliseconds);
      const flow = await transport.flow(size, milliseconds);
      costs.set(size, {
        p50: percentile(times, 0.5),
        p99: percentile(times, 0.99),
        bytesPerSecond: flow === undefined ? undefined : flow.bytes / flow.milliseconds * 1000,
      });
    }
    results.set(transport.name, costs);
    await transport.close();
    say(
      `${transport.name}: ${costs.get(64)!.p50.toFixed(2)} µs at 64 B, ${
        costs.get(65536)!.p50.toFixed(1)
      } µs at 64 KiB`,
    );
  }
  return results;
}

/** Bytes a second of the machine itself. */
export interface Limits {
  /** Copying within 256 MiB of memory. */
  readonly memcpy: number;
  /** One batch of 1,024 events after the other through a Unix socket. */
  readonly unixSocket: number;
}

/** Measures what no isolation can exceed. */
export async function measureLimits(workplace: Workplace, batchBytes: number, milliseconds: number): Promise<Limits> {
  const memory: number[] = [];
  const socket: number[] = [];
  for (let round = 0; round < 3; round++) {
    memory.push(copyMemory(milliseconds / 2));
    const [unix, tcp] = await sockets(workplace);
    const flow = await unix!.flow(Math.min(batchBytes, SIZES.at(-1)!), milliseconds / 2);
    await unix!.close();
    await tcp!.close();
    socket.push(flow!.bytes / flow!.milliseconds * 1000);
  }
  return { memcpy: median(memory), unixSocket: median(socket) };
}

function copyMemory(milliseconds: number): number {
  const from = new Uint8Array(256 << 20).fill(1);
  // Touched before it is timed: the first write to a page costs more than its copy.
  const to = new Uint8Array(from.byteLength).fill(2);
  let copied = 0;
  const started = performance.now();
  while (performance.now() - started < milliseconds) {
    to.set(from);
    copied += from.byteLength;
  }
  return copied / (performance.now() - started) * 1000;
}
