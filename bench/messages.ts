/** Latency and throughput of one message by its size, for every way a message can take. @module */
import { turn } from "../runtime/connector/sleep.ts";
import { percentile } from "./statistics.ts";
import { nativeCall } from "./transports/native_call.ts";
import { postMessage } from "./transports/post_message.ts";
import { pipe, sockets } from "./transports/processes.ts";
import { ring } from "./transports/ring.ts";
import { SIZES, type Transport } from "./transports/transport.ts";
import type { Workplace } from "./workplace.ts";

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
    postMessage(),
    pipe(),
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
