/** How long one event takes to a plugin and back. @module */
import type { ProcessorPart } from "../runtime/connector/contract.ts";
import { turn } from "../runtime/connector/sleep.ts";
import { Batch } from "../runtime/data/batch.ts";
import { percentile } from "./statistics.ts";
import type { Place } from "./workplace.ts";

/** Calls timed together where one takes about as long as reading the clock. */
const GROUP = 64;

/** Round trips of one event, microseconds. */
export interface RoundTrip {
  readonly p50: number;
  readonly p99: number;
  /** At 500 a second, where every hand-over wakes somebody. */
  readonly pacedP50: number;
}

/** Sends one event through a processor and waits until it is back, again and again. */
export async function timeRoundTrip(place: Place, eventBytes: number, milliseconds: number): Promise<RoundTrip> {
  const part = await place.launch("processor", {}, { ring: { slots: 4, capacity: 64, arenaBytes: 65536 } });
  const { processor } = part as { readonly processor: ProcessorPart };
  const batch = Batch.allocate({ capacity: 1, arenaBytes: 1024 });
  batch.appendBytes(new Uint8Array(eventBytes).fill(0x61), Date.now());
  const out = Batch.allocate({ capacity: 64, arenaBytes: 1 << 20 });
  const once = (): void | Promise<void> => {
    out.ownSegments();
    return processor.process(batch, out);
  };
  // A timer that fires all the while: the event loop is alive.
  const beat = setInterval(() => {}, 5);
  const times: number[] = [];
  const paced: number[] = [];
  try {
    const closedLoop = async (end: number): Promise<void> => {
      times.length = 0;
      for (let lap = 1; performance.now() < end; lap++) {
        const from = performance.now();
        const first = once();
        if (first === undefined) {
          // No clock in between: reading it takes about as long as a call.
          for (let call = 1; call < GROUP; call++) once();
          times.push((performance.now() - from) * 1000 / GROUP);
        } else {
          await first;
          times.push((performance.now() - from) * 1000);
        }
        if (out.count !== 1) throw new Error(`${place.isolation}: ${out.count} events came back`);
        if (lap % 256 === 0) await turn();
      }
    };
    await closedLoop(performance.now() + milliseconds / 2);
    await closedLoop(performance.now() + milliseconds);
    for (let sent = 0; sent < Math.max(50, milliseconds / 4); sent++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const from = performance.now();
      await once();
      paced.push((performance.now() - from) * 1000);
    }
  } finally {
    clearInterval(beat);
    await processor.close();
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), pacedP50: percentile(paced, 0.5) };
}
