import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { codecsPage } from "../../scripts/generate_codecs_page.ts";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/codec/utf8.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

const utf8 = new TextEncoder();

function refusal(code: string, act: () => unknown): CaissonError {
  const error = assertThrows(act, CaissonError);
  assertEquals(error.code, code);
  return error;
}

Deno.test("json decodes and encodes plain values", () => {
  const json = createCodec("json");
  for (const value of [null, true, 0, -1.5, "", "ü\n\u0000", [], {}, { a: [1, { b: null }] }]) {
    assertEquals(json.decode(json.encode(value)), value);
  }
  assertEquals(json.encode({ a: 1, b: "x" }), utf8.encode('{"a":1,"b":"x"}'));
  assertEquals(json.decode(utf8.encode(' {"a" : 1}\r\n')), { a: 1 });
});

Deno.test("json skips a byte order mark", () => {
  assertEquals(createCodec("json").decode(utf8.encode("\uFEFF[1]")), [1]);
});

Deno.test("json reads U+FFFD as the character it is, and refuses what is not UTF-8", () => {
  const json = createCodec("json");
  assertEquals(json.decode(utf8.encode('"\uFFFD"')), "\uFFFD");
  const error = refusal("CAISSON_CODEC_DECODE", () => json.decode(new Uint8Array([0x22, 0xff, 0x22])));
  assertEquals(error.allowed, "UTF-8");
});

Deno.test("json says what it could not decode, short and harmless to a terminal", () => {
  const json = createCodec("json");
  const hostile = `{"a": \u001b[31m\u0007\u0085\u202e${"x".repeat(500)}`;
  const error = refusal("CAISSON_CODEC_DECODE", () => json.decode(utf8.encode(hostile)));
  assert(error.found.startsWith('"{\\"a\\": \\u001b[31m\\u0007\\u0085\\u202e'), error.found);
  assert(error.found.length < 140);
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u001f\u007f-\u009f\u202e]/.test(error.message));
  for (const text of ["", " ", "{", "nul", "[1,]", "{'a':1}", '{"a":1}{"b":2}']) {
    refusal("CAISSON_CODEC_DECODE", () => json.decode(utf8.encode(text)));
  }
});

Deno.test("json refuses to encode what JSON cannot express", () => {
  const json = createCodec("json");
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [undefined, () => 1, Symbol("x"), circle]) {
    refusal("CAISSON_CODEC_ENCODE", () => json.encode(value));
  }
});

Deno.test("string keeps every character, a byte order mark too, and writes other values as JSON", () => {
  const string = createCodec("string");
  for (const text of ["", "snot badger", "\uFEFFx", "a\u0000b", "ü漢🦕", "\uFFFD", "x".repeat(100_000)]) {
    assertEquals(string.encode(text), utf8.encode(text));
    assertEquals(string.decode(utf8.encode(text)), text);
  }
  assertEquals(string.encode({ a: 1 }), utf8.encode('{"a":1}'));
  refusal("CAISSON_CODEC_DECODE", () => string.decode(new Uint8Array([0xc3, 0x28])));
  refusal("CAISSON_CODEC_DECODE", () => string.decode(utf8.encode("🦕").subarray(0, 3)));
});

Deno.test("binary hands on the same bytes", () => {
  const binary = createCodec("binary");
  const bytes = new Uint8Array([0, 255, 10]);
  assertStrictEquals(binary.decode(bytes), bytes);
  assertStrictEquals(binary.encode(bytes), bytes);
  assertEquals(binary.encode("ü"), utf8.encode("ü"));
  assertEquals(binary.encode(new DataView(bytes.buffer, 1, 1)), new Uint8Array([255]));
  assertEquals(binary.encode(bytes.buffer), bytes);
  for (const value of [null, 1, {}, { a: 1n }]) {
    refusal("CAISSON_CODEC_ENCODE", () => binary.encode(value));
  }
});

Deno.test("every codec reads shared memory", () => {
  const text = '{"a":"ü"}';
  const source = utf8.encode(text);
  const shared = new Uint8Array(new SharedArrayBuffer(100_000));
  shared.set(source, 3);
  const view = shared.subarray(3, 3 + source.byteLength);
  assertEquals(createCodec("json").decode(view), { a: "ü" });
  assertEquals(createCodec("string").decode(view), text);
  // Longer than the memory that copies go through.
  shared.fill(0x61);
  assertEquals(decodeUtf8(shared), "a".repeat(100_000));
});

Deno.test("encoded texts stay what they are while others are encoded", () => {
  const texts = Array.from({ length: 3000 }, (_, index) => `${index}:${"é".repeat(index % 90)}`);
  texts.push("y".repeat(5000), "🦕".repeat(1500));
  const encoded = texts.map(encodeUtf8);
  assertEquals(encoded.map(decodeUtf8), texts);
});

Deno.test("an unknown codec is refused with the names there are", () => {
  const error = refusal("CAISSON_CONFIG_INVALID", () => createCodec("xml"));
  assertEquals(
    error.allowed,
    "json, msgpack, string, binary, csv, yaml, influx, statsd, dogstatsd, graphite-plaintext, syslog, null",
  );
});

Deno.test("docs/codecs.md is what the lists of formats generate", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/codecs.md", import.meta.url));
  assertEquals(page.replaceAll("\r\n", "\n"), codecsPage());
});
