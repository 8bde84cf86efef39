import { assert, assertEquals, assertThrows } from "@std/assert";
import { BatchText } from "../../runtime/codec/batch_text.ts";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { integer, seeded } from "../data/random.ts";

const encoder = new TextEncoder();

function batchOf(payloads: readonly (string | Uint8Array)[], shared = false): Batch {
  const batch = Batch.allocate({ capacity: Math.max(1, payloads.length), shared });
  for (const payload of payloads) {
    batch.appendBytes(typeof payload === "string" ? encoder.encode(payload) : payload, 1);
  }
  return batch;
}

function valueOf(batch: Batch, index: number): unknown {
  return Event.raw(batch, index, json).value;
}

/** The value, or the words of the refusal. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    assert(error instanceof CaissonError);
    return error.message;
  }
}

Deno.test("events of a batch decode to what their bytes alone decode to, in any order", () => {
  const pieces = ["1", '"x"', '{"a":[1,2,3]}', '"ü"', '"漢字"', '"🦕"', "nonsense", "", '"\u0000"', " [ ] "];
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    // Every other seed is ASCII throughout, so that groups form.
    const known = seed % 2 === 0 ? pieces : pieces.slice(0, 3);
    const payloads: (string | Uint8Array)[] = [];
    for (let count = 1 + integer(random, 200); count > 0; count--) {
      const broken = seed % 2 === 0 && integer(random, 50) === 0;
      payloads.push(broken ? Uint8Array.of(0x22, 0xff, 0x22) : known[integer(random, known.length)]!);
    }
    const batch = batchOf(payloads, seed % 3 === 0);
    const order = Array.from(payloads, (_, index) => index);
    if (seed % 5 === 0) order.sort(() => integer(random, 3) - 1);
    for (const index of order) {
      assertEquals(
        outcome(() => valueOf(batch, index)),
        outcome(() => json.decode(batch.payload(index))),
        `seed ${seed}, event ${index}`,
      );
    }
  }
});

Deno.test("events in order are cut out of one text; a single event and other than ASCII are not", () => {
  const batch = batchOf(Array.from({ length: 200 }, (_, index) => `"event ${index}"`));
  const text = new BatchText();
  assertEquals(text.of(batch, 100), undefined);
  assertEquals(text.of(batch, 7), undefined);
  assertEquals(text.of(batch, 8), '"event 8"');
  assertEquals(text.of(batch, 71), '"event 71"');
  assertEquals(text.of(batch, 199), undefined);
  const umlauts = batchOf(['"a"', '"b"', '"ü"', '"c"']);
  const other = new BatchText();
  for (let index = 0; index < 4; index++) assertEquals(other.of(umlauts, index), undefined);
});

Deno.test("a byte that is no UTF-8 is refused, though its text is as long as its bytes", () => {
  const batch = batchOf(['"a"', '"b"', Uint8Array.of(0x22, 0xff, 0x22), '"c"']);
  assertEquals(valueOf(batch, 0), "a");
  assertEquals(valueOf(batch, 1), "b");
  assertThrows(() => valueOf(batch, 2), CaissonError);
  assertEquals(valueOf(batch, 3), "c");
});

Deno.test("a batch that is filled again forgets the text of what it held", () => {
  const batch = batchOf(['"one"', '"two"', '"six"']);
  assertEquals([0, 1, 2].map((index) => valueOf(batch, index)), ["one", "two", "six"]);
  batch.clear();
  for (const text of ['"red"', '"tan"', '"sky"']) batch.appendBytes(encoder.encode(text), 1);
  assertEquals([0, 1, 2].map((index) => valueOf(batch, index)), ["red", "tan", "sky"]);
});

Deno.test("decoding leaves the bytes as they are", () => {
  const batch = batchOf([' {"a" : 1.0 } ', '{"b":2e0}', "3.00"]);
  const before = [0, 1, 2].map((index) => batch.payload(index).slice());
  const events = [0, 1, 2].map((index) => Event.raw(batch, index, json));
  assertEquals(events.map(({ value }) => value), [{ a: 1 }, { b: 2 }, 3]);
  assertEquals(events.map((event) => event.bytes(json).slice()), before);
});
