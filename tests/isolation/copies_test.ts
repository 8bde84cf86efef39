/** Where payloads lie on both sides of a trust boundary: one copy for each reader, and no other. */
import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { createRing } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { runSink } from "../../runtime/isolation/plugin_side/sink_loop.ts";

const size = { slots: 2, capacity: 16, arenaBytes: 1 << 14 };
const payloads = Array.from({ length: 16 }, (_, index) => new Uint8Array(37 * index).fill(index + 1));

/** Offsets of all payloads, counted from the first. */
function offsets(views: readonly Uint8Array[]): number[] {
  return views.map((view) => view.byteOffset - views[0]!.byteOffset);
}

function views(batch: Batch): Uint8Array[] {
  return Array.from({ length: batch.count }, (_, index) => batch.payload(index));
}

Deno.test("a source behind a boundary: the host has one snapshot of its own, moved in one piece", () => {
  const memory = createRing(size);
  const producer = new RingProducer(memory);
  const consumer = new RingConsumer(memory);
  for (const payload of payloads) assert(producer.claim()!.appendBytes(payload, 1));
  producer.publish();
  const slot = consumer.peek()!;
  const host = Batch.allocate(size);
  host.absorb(slot);
  for (const [index, view] of views(host).entries()) {
    assert(view.buffer === host.arena.buffer);
    assert(view.buffer !== memory.buffer);
    assertEquals(view, payloads[index]);
  }
  assertEquals(offsets(views(host)), offsets(views(slot)));
  slot.arena.fill(0xee);
  views(host).forEach((view, index) => assertEquals(view, payloads[index]));
});

Deno.test("a filter passes records on: payloads stay where the source put them", () => {
  const from = Batch.allocate(size);
  for (const payload of payloads) from.appendBytes(payload, 1);
  const to = Batch.allocate({ ...size, arenaBytes: 0 });
  to.shareSegments(from);
  for (let index = 0; index < from.count; index += 2) to.appendRecord(from, index);
  for (const [at, view] of views(to).entries()) {
    assert(view.buffer === from.arena.buffer);
    assertEquals(view.byteOffset, from.payload(2 * at).byteOffset);
  }
});

Deno.test("a sink behind a boundary reads payloads in the ring, where the host put them once", async () => {
  const memory = createRing(size);
  const producer = new RingProducer(memory);
  const host = Batch.allocate(size);
  for (const payload of payloads) host.appendBytes(payload, 1);
  const slot = producer.claim()!;
  assertEquals(slot.copyFrom(host, 0), payloads.length);
  host.arena.fill(0xee);
  producer.publish();
  producer.close();
  const seen: Uint8Array[] = [];
  const sink = {
    write: (events: readonly { readonly data: Uint8Array }[]) => {
      for (const { data } of events) {
        assert(data.buffer === memory.buffer);
        assert(data.buffer === slot.arena.buffer);
        assertEquals(data, payloads[seen.length]);
        seen.push(data);
      }
    },
  };
  await runSink(sink, new RingConsumer(memory), "binary");
  assertEquals(seen.map((view) => view.byteOffset), views(slot).map((view) => view.byteOffset));
  assertEquals(seen.length, payloads.length);
});
