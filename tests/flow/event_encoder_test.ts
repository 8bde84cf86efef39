import { assert, assertEquals, assertThrows } from "@std/assert";
import { json, jsonCodec } from "../../runtime/codec/json.ts";
import { msgpack } from "../../runtime/codec/msgpack.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { EventEncoder } from "../../runtime/flow/event_encoder.ts";

const made = (value: unknown): Event => Event.made(value, json, 1);

function bytesOrCode(encode: () => Uint8Array): Uint8Array | string {
  try {
    return encode();
  } catch (thrown) {
    assert(thrown instanceof CaissonError, String(thrown));
    return thrown.code;
  }
}

Deno.test("events encoded together have the bytes each has by itself", () => {
  const batch = Batch.allocate({ capacity: 4 });
  batch.appendBytes(new TextEncoder().encode(' {"as":"it came"} '), 1);
  const strange: readonly unknown[] = [
    "ä",
    "€",
    "😀",
    "\ud800",
    "",
    2n ** 60n,
    [],
    {},
    null,
    "x".repeat(40_000),
    "\u007f\u0080",
    ["\u007f"],
    { "\u007f": "\u007f" },
    { toJSON: (key: string) => `at ${key}` },
    new Date(0),
    { list: [undefined, () => {}], nothing: undefined, deep: { toJSON: (key: string) => key } },
    NaN,
    Object(1),
  ];
  for (const count of [0, 1, 2, 3, 63, 64, 65, 200]) {
    for (const every of [1, 3, 7, 70]) {
      const events = Array.from({ length: count }, (_, index) => {
        if (index % 11 === 10) return Event.raw(batch, 0, json);
        return made(index % every === every - 1 ? strange[index % strange.length] : { index, text: "plain" });
      });
      for (const codec of [json, jsonCodec("sorted", { sorted: true, wide: true }), msgpack]) {
        const encoder = new EventEncoder(events, codec);
        const together = events.map((_, index) => bytesOrCode(() => encoder.bytes(index)));
        assertEquals(together, events.map((event) => bytesOrCode(() => event.bytes(codec))));
      }
    }
  }
});

Deno.test("no value of a neighbour makes an event's bytes other than its own", () => {
  for (
    const strange of ["\u007f", ["\u007f"], { "\u007f": "\u007f" }, {
      toJSON: (key: string) => `at ${key}`,
    }, undefined]
  ) {
    const values = [1, { a: strange }, "x", [strange, strange], strange, [], strange, {}];
    const encoder = new EventEncoder(values.map(made), json);
    for (const [index, value] of values.entries()) {
      assertEquals(bytesOrCode(() => encoder.bytes(index)), bytesOrCode(() => json.encode(value)));
    }
  }
});

Deno.test("texts that take more than a byte a character cost one group, not one for each event", () => {
  let read = 0;
  const events = Array.from({ length: 500 }, () =>
    made({
      get name() {
        read++;
        return "Jürgen 😀";
      },
    }));
  const encoder = new EventEncoder(events, json);
  for (let index = 0; index < events.length; index++) {
    assertEquals(new TextDecoder().decode(encoder.bytes(index)), '{"name":"Jürgen 😀"}');
  }
  assertEquals(read, events.length);
});

Deno.test("an event may be asked for twice, skipped, or before its neighbours", () => {
  const events = Array.from({ length: 150 }, (_, index) => made({ index }));
  const encoder = new EventEncoder(events, json);
  for (const index of [0, 1, 1, 5, 4, 149, 0, 70, 71, 72, 63, 64, 65]) {
    assertEquals(encoder.bytes(index), events[index]!.bytes(json));
  }
});

Deno.test("an event that cannot be encoded fails alone", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const events = [made(1), made(2), made(undefined), made(3), made(circle), made(4), made(5)];
  const encoder = new EventEncoder(events, json);
  const texts = events.map((_, index) => {
    if (index !== 2 && index !== 4) return new TextDecoder().decode(encoder.bytes(index));
    return assertThrows(() => encoder.bytes(index), CaissonError).code;
  });
  assertEquals(texts, ["1", "2", "CAISSON_CODEC_ENCODE", "3", "CAISSON_CODEC_ENCODE", "4", "5"]);
});

Deno.test("bytes that were handed out are not written again", () => {
  const events = Array.from({ length: 300 }, (_, index) => made(index));
  const encoder = new EventEncoder(events, json);
  const all = events.map((_, index) => encoder.bytes(index));
  assertEquals(all.map((bytes) => new TextDecoder().decode(bytes)), events.map((_, index) => String(index)));
});
