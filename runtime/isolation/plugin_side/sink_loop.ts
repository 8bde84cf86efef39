/** Writes to a sink in its Worker what comes through the ring. @module */
import type { Sink, SinkReply } from "@caisson/plugin";
import type { Batch } from "../../data/batch.ts";
import type { RingConsumer } from "../../data/ring_consumer.ts";
import { describeFault } from "./fault.ts";
import { openEvents } from "./slot_events.ts";
import { failEvents, failSlot } from "./verdict_text.ts";

/**
 * Takes slots until the host ends the ring. A write that throws fails its slot and nothing else.
 *
 * The answer is written into the slot before it is given back, so the host finds it there and no message is needed.
 */
export async function runSink(
  sink: Sink,
  input: RingConsumer,
  codec: string,
): Promise<void> {
  for (;;) {
    const slot = input.peek();
    if (slot === undefined) {
      if (input.ended) return;
      const waiting = input.waitForBatch();
      if (typeof waiting !== "boolean") await waiting;
      continue;
    }
    const writing = writeSlot(sink, slot, codec);
    if (writing !== undefined) await writing;
    input.consume();
  }
}

function writeSlot(
  sink: Sink,
  slot: Batch,
  codec: string,
): void | Promise<void> {
  const { events, close } = openEvents(slot, codec);
  const fail = (thrown: unknown): void => {
    close();
    failSlot(slot, describeFault(thrown));
  };
  try {
    const reply = sink.write(events);
    if (reply === undefined) return close();
    return Promise.resolve(reply).then((value) => {
      close();
      judge(slot, events.length, value);
    }).catch(fail);
  } catch (thrown) {
    fail(thrown);
  }
}

function judge(slot: Batch, count: number, reply: void | SinkReply): void {
  if (reply === undefined) return;
  const { failed } = reply;
  const wrong = !Array.isArray(failed) ? "no list 'failed'" : failed
    .map(({ index }) => index)
    .find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (wrong !== undefined) {
    failSlot(
      slot,
      describeFault(
        new TypeError(
          `write returned ${wrong}; allowed: indexes 0 to ${count - 1}`,
        ),
      ),
    );
  } else if (failed.length > 0) {
    failEvents(slot, failed);
  }
}
