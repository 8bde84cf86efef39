/**
 * Vectors and rules of Tremor's own tests that the other files do not have (tremor-runtime, Apache-2.0: the values are
 * transcribed, none of its code). Where this runtime differs, the test says how and why.
 */
import { assert, assertEquals } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { randomOf } from "./chunking.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

Deno.test("influx encodes Tremor's mixed bag", () => {
  const bag = {
    measurement: String.raw`wea,\ ther`,
    tags: {},
    fields: { "temp=erature": 82, [String.raw`too\ \\\"hot"`]: true },
    timestamp: 1465839830100400200n,
  };
  const codec = createCodec("influx");
  const ours = text.decode(codec.encode(bag));
  // Tremor writes 82.0, which is the same float, and escapes quotes in keys, which the line protocol does not ask for.
  const tremors = String.raw`wea\,\\\ ther temp\=erature=82.0,too\\\ \\\\\\\"hot\"=true 1465839830100400200`;
  assertEquals(ours, tremors.replace("82.0", "82").replaceAll(String.raw`\"`, '"'));
  assertEquals(codec.decode(utf8.encode(ours)), bag);
  assertEquals(codec.decode(utf8.encode(tremors)), bag);
});

Deno.test("textual-length-prefixed cuts Tremor's five chunks, of which the last begins a payload that never comes whole", () => {
  const chunks = [
    "24 '?\u{d617e}ѨR\u{202e}\u{f8f7c}\u{ede29}\u{ac784}36 ?{¥?MȺ\r\u{bac41}9\u{5bbbb}\r\u{1c46c}\u{4ba79}¥\u{7f}*?:\u{0}$i",
    "60 %\u{a825a}\u{a4269}\u{39e0c}\u{b3e21}<ì\u{f6c20}ѨÛ`HW\u{9523f}V",
    "\u{3}\u{605fe}%Fq\u{89b5e}\u{93780}Q3",
    "¥?\u{feff}9",
    " '\ufffd2\u{4269b}",
  ];
  const preprocessor = createPreprocessor("textual-length-prefixed");
  const lengths: number[] = [];
  for (const chunk of chunks) {
    preprocessor.process(utf8.encode(chunk), (payload) => lengths.push(payload.byteLength));
  }
  assertEquals(lengths, [24, 36, 60, 9]);
});

Deno.test("chunk keeps Tremor's rules for every length, except that what is too long fails instead of vanishing", () => {
  const most = 100;
  const random = randomOf(17);
  for (let round = 0; round < 50; round++) {
    const chunk = createPostprocessor({ name: "chunk", config: { "max_bytes": most } });
    let held = 0;
    for (let left = random(100); left > 0; left--) {
      const payload = new Uint8Array(random(4) === 0 ? random(1000) : random(most + 1));
      const pieces: number[] = [];
      const emit = (piece: Uint8Array): void => void pieces.push(piece.byteLength);
      if (payload.byteLength > most) {
        let thrown: unknown;
        try {
          chunk.process(payload, emit);
        } catch (error) {
          thrown = error;
        }
        assert(thrown instanceof CaissonError && thrown.code === "CAISSON_POSTPROCESSOR_FAILED");
        assertEquals(pieces, []);
        continue;
      }
      chunk.process(payload, emit);
      const { byteLength } = payload;
      const overflows = held + byteLength > most;
      const expected = overflows ? [held] : [];
      held = overflows ? byteLength : held + byteLength;
      // Tremor keeps a piece that is full by itself until the next payload, when another came out before it.
      if (held === most) expected.push(most);
      held %= most;
      assertEquals(pieces, expected);
    }
    const rest: number[] = [];
    chunk.finish((piece) => rest.push(piece.byteLength));
    assertEquals(rest, held > 0 ? [held] : []);
  }
});

Deno.test("the id of a GELF message is the clock's low 16 bits below a counter", () => {
  const gelf = createPostprocessor({ name: "gelf-chunking", config: { "chunk_size": 20 } });
  const ids: bigint[] = [];
  const before = Date.now();
  for (let message = 0; message < 3; message++) {
    const seen = new Set<bigint>();
    gelf.process(new Uint8Array(20), (chunk) => {
      seen.add(new DataView(chunk.buffer, chunk.byteOffset).getBigUint64(2));
    });
    assertEquals(seen.size, 1, "the chunks of a message have one id");
    ids.push(...seen);
  }
  const elapsed = Date.now() - before;
  assertEquals(ids.map((id) => id >> 16n), [0n, 1n, 2n]);
  for (const id of ids) assert(((Number(id & 0xffffn) - before) & 0xffff) <= elapsed, `${id}`);
});
