import { assertEquals, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { openEvents } from "../../runtime/isolation/plugin_side/slot_events.ts";

const encoder = new TextEncoder();

function slotOf(texts: readonly string[], shared: boolean): Batch {
  const batch = Batch.allocate({ capacity: 1024, arenaBytes: 1 << 20, shared });
  for (const text of texts) batch.appendBytes(encoder.encode(text), 5);
  return batch;
}

Deno.test("a plugin reads the same values from shared memory, in any order", () => {
  const texts = Array.from(
    { length: 300 },
    (_, index) => JSON.stringify(index % 90 === 80 ? { index, a: "ä€" } : { index }),
  );
  texts[7] = '\ufeff{"index":7}';
  for (const shared of [false, true]) {
    for (const step of [1, 7, -1]) {
      const { events, close } = openEvents(slotOf(texts, shared), "json");
      for (let at = 0; at < texts.length; at++) {
        const index = ((at * step) % texts.length + texts.length) % texts.length;
        assertEquals(events[index]!.value, JSON.parse(texts[index]!.replace("\ufeff", "")));
      }
      close();
    }
  }
});

Deno.test("a payload that is no JSON throws where it stands, and only there", () => {
  const { events } = openEvents(slotOf(["1", "2", "{", "3"], true), "json");
  assertEquals([events[0]!.value, events[1]!.value], [1, 2]);
  assertThrows(() => events[2]!.value, SyntaxError);
  assertEquals(events[3]!.value, 3);
});

Deno.test("a slot that is filled again is read again", () => {
  const slot = slotOf(["1", "2"], true);
  assertEquals(openEvents(slot, "json").events.map(({ value }) => value), [1, 2]);
  // As the host does it: through a view of its own.
  const host = new Batch(slot.block, slot.arena, { capacity: 1024, format: false });
  host.clear();
  for (const text of ["3", "4"]) host.appendBytes(encoder.encode(text), 6);
  assertEquals(openEvents(slot, "json").events.map(({ value }) => value), [3, 4]);
});

Deno.test("an undecoded value cannot be read after its call", () => {
  const { events, close } = openEvents(slotOf(["1", "2"], true), "json");
  assertEquals(events[0]!.value, 1);
  close();
  assertEquals(events[0]!.value, 1);
  assertThrows(() => events[1]!.value, TypeError, "after its call");
});
