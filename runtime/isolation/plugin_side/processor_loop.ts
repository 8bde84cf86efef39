/** Runs a processor in its Worker: one slot comes in, one goes out. @module */
import type { Processor } from "@caisson/plugin";
import type { Batch } from "../../data/batch.ts";
import { BATCH_MORE } from "../../data/layout.ts";
import type { RingConsumer } from "../../data/ring_consumer.ts";
import type { RingProducer } from "../../data/ring_producer.ts";
import { describeFault } from "./fault.ts";
import { openEvents } from "./slot_events.ts";
import { failSlot } from "./verdict_text.ts";

const encoder = new TextEncoder();

/** Answers one slot: fills `out`; `next` publishes it with the word that more follows, and gives the next one. */
export type SlotWork = (slot: Batch, out: Batch, next: () => Promise<Batch>) => Promise<void>;

/** Runs a processor until the host ends the ring. */
export function runProcessor(
  processor: Processor,
  input: RingConsumer,
  output: RingProducer,
  codec: string,
): Promise<void> {
  return answerSlots(input, output, (slot, out) => processSlot(processor, slot, out, codec));
}

/** Takes slots until the host ends the ring; each is answered with a slot, filled or failed, or several. */
export async function answerSlots(
  input: RingConsumer,
  output: RingProducer,
  work: SlotWork,
): Promise<void> {
  for (;;) {
    const slot = input.peek();
    if (slot === undefined) {
      if (input.ended) return;
      const waiting = input.waitForBatch();
      if (typeof waiting !== "boolean") await waiting;
      continue;
    }
    let out = await claimSlot(output);
    if (out === undefined) return;
    const next = async (): Promise<Batch> => {
      out!.flags |= BATCH_MORE;
      output.publish();
      out = await claimSlot(output);
      if (out === undefined) throw new DOMException("the host has gone", "AbortError");
      return out;
    };
    await work(slot, out, next);
    if (out === undefined) return;
    input.consume();
    output.publish();
  }
}

async function claimSlot(output: RingProducer): Promise<Batch | undefined> {
  for (;;) {
    const out = output.claim();
    if (out !== undefined || output.closed) return out;
    const waiting = output.waitForRoom();
    if (typeof waiting !== "boolean") await waiting;
  }
}

async function processSlot(
  processor: Processor,
  slot: Batch,
  out: Batch,
  codec: string,
): Promise<void> {
  const { events, close } = openEvents(slot, codec);
  try {
    const values = await processor.process(events);
    appendValues(slot, out, values, codec);
  } catch (thrown) {
    out.clear();
    failSlot(out, describeFault(thrown));
  } finally {
    close();
  }
}

/** No input has it: a failure of the output is then one of every input. Below 2^53. */
export const ANY_INPUT: number = Number.MAX_SAFE_INTEGER;

/**
 * Output `n` carries time and sequence of input `n`, so that a failure of it finds its origin; with more or fewer outputs
 * than inputs nobody knows which is which.
 */
export function appendValues(
  input: Batch,
  out: Batch,
  values: readonly unknown[],
  codec: string,
): void {
  if (!Array.isArray(values)) {
    throw new TypeError(`process returned ${typeof values}; allowed: an array`);
  }
  for (let index = 0; index < values.length; index++) {
    const bytes = encode(values[index], codec);
    if (!out.appendBytes(bytes, 0)) {
      throw new RangeError(
        `process returned more than a batch holds: ${out.capacity} events, ${out.arena.byteLength} bytes`,
      );
    }
    if (input.count > 0) {
      out.takeOrigin(index, input, Math.min(index, input.count - 1));
      if (values.length !== input.count) out.setSequence(index, ANY_INPUT);
    }
  }
}

function encode(value: unknown, codec: string): Uint8Array {
  if (codec === "binary" && value instanceof Uint8Array) return value;
  if (codec === "string" && typeof value === "string") {
    return encoder.encode(value);
  }
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(
      `process returned a value JSON cannot express: ${typeof value}`,
    );
  }
  return encoder.encode(text);
}
