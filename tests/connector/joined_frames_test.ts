import { assert, assertEquals } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { SeparatePostprocessor } from "../../runtime/codec/separate_postprocessor.ts";
import { FrameJoiner } from "../../runtime/connector/joined_frames.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { type Delivery, type Event, eventsOf } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const json = createCodec("json");
const text = new TextEncoder();

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, { byteLength }) => length + byteLength, 0));
  chunks.reduce((at, chunk) => (whole.set(chunk, at), at + chunk.byteLength), 0);
  return whole;
}

/** What the postprocessor itself makes of a delivery, event by event. */
function oneByOne(delivery: Delivery, codec = json, separator = 10): { bytes: Uint8Array; failed: number } {
  const postprocessor = new SeparatePostprocessor(separator);
  const chunks: Uint8Array[] = [];
  let failed = 0;
  for (const event of eventsOf(delivery)) {
    try {
      postprocessor.process(event.bytes(codec), (chunk) => void chunks.push(chunk));
    } catch {
      failed++;
    }
  }
  return { bytes: concat(chunks), failed };
}

function joined(delivery: Delivery, joiner: FrameJoiner, codec = json) {
  let failed = 0;
  const { chunks, events, bytes } = joiner.join(delivery, codec, () => failed++);
  return { bytes: concat(chunks), failed, chunks: chunks.length, events, payload: bytes };
}

function lines(chunk: Uint8Array): Delivery {
  const batch = Batch.allocate({ capacity: 64, arenaBytes: 64 });
  const segment = batch.addSegment(chunk);
  for (let start = 0; start < chunk.byteLength;) {
    const end = chunk.indexOf(10, start) < 0 ? chunk.byteLength : chunk.indexOf(10, start);
    batch.append(segment, start, end - start, 1);
    start = end + 1;
  }
  return { batch, events: undefined, codec: json, settlement: new Settlement(() => {}) };
}

Deno.test("lines that stand together are written from where they are, as one piece", () => {
  const chunk = text.encode('{"a":1}\n[2,"ü"]\n\n3\n');
  const { batch } = lines(chunk);
  const result = new FrameJoiner(10).join(lines(chunk), json, () => {});
  assertEquals(batch!.count, 4);
  assertEquals(result.chunks.length, 1);
  assert(result.chunks[0]!.buffer === chunk.buffer);
  assertEquals(result.chunks[0], chunk);
  assertEquals([result.events, result.bytes], [4, chunk.byteLength - 4]);
});

Deno.test("a last line without its end, and events with others left out between them, are framed as ever", () => {
  const delivery = lines(text.encode("1\n22\n333\n4444"));
  const events = eventsOf(delivery).filter((_, index) => index !== 1);
  for (const each of [delivery, { ...delivery, events }, { ...delivery, events: [...events].reverse() }]) {
    const expected = oneByOne(each);
    const { bytes, events: count } = joined(each, new FrameJoiner(10));
    assertEquals(bytes, expected.bytes);
    assertEquals(count, eventsOf(each).length);
  }
});

Deno.test("memory behind a batch's own segment is not taken for the end of its last line", () => {
  const memory = text.encode("1\n2\n3");
  assertEquals(joined(lines(memory.subarray(0, 3)), new FrameJoiner(10)).bytes, text.encode("1\n2\n"));
});

Deno.test("any mix of lines, values, values that cannot be encoded and codecs is framed as event by event", () => {
  let state = 7;
  const below = (limit: number) => ((state = Math.imul(state, 1103515245) + 12345 | 0) >>> 12) % limit;
  const source = lines(text.encode(Array.from({ length: 60 }, (_, index) => `{"line":${index}}`).join("\n")));
  const raw = eventsOf(source);
  const codecs = [json, createCodec("string"), createCodec("msgpack")];
  for (const separator of [10, 0, 0x7f, 0x80, 0xff]) {
    const joiner = new FrameJoiner(separator);
    for (let round = 0; round < 30; round++) {
      const events = Array.from({ length: below(150) }, () => {
        const made = (value: unknown): Event => raw[below(60)]!.with(value);
        switch (below(round % 2 === 0 ? 5 : 9)) {
          case 0:
            return raw[below(60)]!;
          case 1:
            return made("x".repeat(below(20)));
          case 2:
            return made("ü€𝄞".repeat(below(9)));
          case 3:
            return made(Symbol("none"));
          case 4:
            return made("y".repeat(below(20) === 0 ? 200_000 : 3000));
          default:
            return made(below(1e6));
        }
      });
      const delivery: Delivery = { ...source, events };
      const codec = codecs[below(3)]!;
      const expected = oneByOne(delivery, codec, separator);
      const result = joined(delivery, joiner, codec);
      assertEquals(result.failed, expected.failed);
      assertEquals(result.bytes.byteLength, expected.bytes.byteLength);
      assert(result.bytes.every((byte, at) => byte === expected.bytes[at]));
      assertEquals(result.events, events.length - expected.failed);
      assertEquals(result.payload, expected.bytes.byteLength - result.events);
    }
  }
});

Deno.test("values leave in one piece, whatever their number", () => {
  const source = eventsOf(lines(text.encode("1\n")))[0]!;
  const events = Array.from({ length: 500 }, (_, index) => source.with({ index }));
  const delivery = { ...lines(text.encode("1\n")), events };
  assertEquals(joined(delivery, new FrameJoiner(10)).chunks, 1);
});

Deno.test("a delivery larger than the memory it is encoded into leaves in pieces of that size", () => {
  const source = eventsOf(lines(text.encode("1\n")))[0]!;
  const events = Array.from({ length: 2000 }, (_, index) => source.with({ index, text: "x".repeat(240) }));
  const delivery = { ...lines(text.encode("1\n")), events };
  const joiner = new FrameJoiner(10);
  for (let round = 0; round < 2; round++) {
    const { bytes, chunks } = joined(delivery, joiner);
    assertEquals(bytes, oneByOne(delivery).bytes);
    assert(chunks <= 6, `${chunks} pieces`);
  }
});
