/** What the machine itself can do: no isolation exceeds it. @module */
import { median } from "./statistics.ts";
import { sockets } from "./transports/processes.ts";
import { SIZES } from "./transports/transport.ts";
import type { Workplace } from "./workplace.ts";

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
