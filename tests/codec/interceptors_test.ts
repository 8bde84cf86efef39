// Vectors: facts of the tests of tremor-runtime (Apache-2.0), transcribed.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { GelfPreprocessor } from "../../runtime/codec/gelf_preprocessor.ts";
import type { InterceptorConfig } from "../../runtime/codec/interceptor_config.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { chunksOf, join, randomOf, run } from "./chunking.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

const before = (named: InterceptorConfig, chunks: readonly Uint8Array[], options?: { readonly finish?: boolean }) =>
  run(createPreprocessor(named), chunks, options);
const after = (named: InterceptorConfig, payloads: readonly Uint8Array[], options?: { readonly finish?: boolean }) =>
  run(createPostprocessor(named), payloads, options);
const bytesOf = (...texts: readonly string[]): Uint8Array[] => texts.map((each) => utf8.encode(each));
const textsOf = (pieces: readonly Uint8Array[]): string[] => pieces.map((piece) => text.decode(piece));
const hexOf = (pieces: readonly Uint8Array[]): string[] => pieces.map((piece) => piece.toHex());

async function refused(code: string, act: () => unknown): Promise<CaissonError> {
  // A synchronous interceptor throws where an asynchronous one rejects.
  const error = await assertRejects(async () => await act(), CaissonError);
  assertEquals(error.code, code);
  return error;
}

const payloads = bytesOf("", "snot", "badger", "ü漢🦕", "x".repeat(70_000), " 7 ", "\u001e\u000f0123456789abc");

const streams: readonly (readonly [InterceptorConfig, InterceptorConfig])[] = [
  ["length-prefixed", "length-prefixed"],
  ["textual-length-prefixed", "textual-length-prefixed"],
];
const wholes: readonly (readonly [InterceptorConfig, InterceptorConfig])[] = [
  ["base64", "base64"],
  ["ingest-ns", "ingest-ns"],
  [{ name: "gelf-chunking", config: { chunk_size: 1000 } }, "gelf-chunking"],
  ["compress", "decompress"],
  ...["gzip", "zlib", "brotli", "zstd"].map((algorithm) =>
    [{ name: "compress", config: { algorithm, level: 1 } }, { name: "decompress", config: { algorithm } }] as const
  ),
  ...["gzip", "zlib", "zstd"].map((algorithm) => [{ name: "compress", config: { algorithm } }, "decompress"] as const),
];

for (const [post, pre] of streams) {
  Deno.test(`${pre} gives back what was framed, however it is cut into chunks`, async () => {
    const stream = join(await after(post, payloads));
    const random = randomOf(7);
    for (const longest of [1, 2, 9, 100, 5000, 200_000]) {
      assertEquals(hexOf(await before(pre, chunksOf(stream, random, longest))), hexOf(payloads));
    }
  });
}

for (const [post, pre] of wholes) {
  Deno.test(`${JSON.stringify(pre)} gives back what ${JSON.stringify(post)} made`, async () => {
    assertEquals(hexOf(await before(pre, await after(post, payloads))), hexOf(payloads));
  });
}

Deno.test("base64 reads and writes its vector, and refuses what is none", async () => {
  assertEquals(textsOf(await after("base64", bytesOf("snot badger"))), ["c25vdCBiYWRnZXI="]);
  assertEquals(textsOf(await before("base64", bytesOf("c25vdCBiYWRnZXI=", "c25v\r\ndA=="))), ["snot badger", "snot"]);
  for (const wrong of ["*", "c25v*", "c", "é"]) {
    await refused("CAISSON_PREPROCESSOR_FAILED", () => before("base64", bytesOf(wrong)));
  }
  await refused("CAISSON_PREPROCESSOR_FAILED", () => before("base64", [new Uint8Array([0xff])]));
});

Deno.test("ingest-ns takes the time from 8 bytes and puts it back", async () => {
  const seen: [string, number | undefined][] = [];
  createPreprocessor("ingest-ns").process(
    new Uint8Array([0, 0, 0, 0, 0, 0, 0x27, 0x10, 0x38, 0x39]),
    (bytes, timestampMs) => seen.push([text.decode(bytes), timestampMs]),
  );
  assertEquals(seen, [["89", 0.01]]);
  await refused("CAISSON_PREPROCESSOR_FAILED", () => before("ingest-ns", [new Uint8Array(7)]));
  const out: Uint8Array[] = [];
  createPostprocessor("ingest-ns").process(utf8.encode("89"), (bytes) => out.push(bytes), 0.01);
  assertEquals(out, [new Uint8Array([0, 0, 0, 0, 0, 0, 0x27, 0x10, 0x38, 0x39])]);
});

Deno.test("lengths are written as the formats have them", async () => {
  assertEquals(textsOf(await after("textual-length-prefixed", bytesOf("\x01\x02\x03", ""))), ["3 \x01\x02\x03", "0 "]);
  assertEquals(await after("length-prefixed", [new Uint8Array([9])]), [new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1, 9])]);
});

Deno.test("a stream with lengths that ends within a payload is an error, and another may follow", async () => {
  for (const name of ["length-prefixed", "textual-length-prefixed"]) {
    const whole = join(await after(name, bytesOf("snot", "badger")));
    const preprocessor = createPreprocessor(name);
    const out: string[] = [];
    const emit = (bytes: Uint8Array) => out.push(text.decode(bytes));
    preprocessor.process(whole.subarray(0, whole.byteLength - 1), emit);
    assertEquals(out, ["snot"]);
    await refused("CAISSON_PREPROCESSOR_FAILED", () => preprocessor.finish(emit));
    preprocessor.process(whole, emit);
    assertEquals(out, ["snot", "snot", "badger"]);
  }
});

Deno.test("a length that is too large or none is refused up to the end of the stream, and nothing is allocated", async () => {
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    ["length-prefixed", new Uint8Array([0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ["length-prefixed", new Uint8Array([0, 0, 0, 0, 0, 0, 0, 11])],
    ["textual-length-prefixed", utf8.encode("11 ")],
    ["textual-length-prefixed", utf8.encode("12345678901")],
    ["textual-length-prefixed", utf8.encode("x")],
    ["textual-length-prefixed", utf8.encode(" ")],
    ["textual-length-prefixed", utf8.encode("-1 ")],
  ];
  for (const [name, bytes] of wrong) {
    const preprocessor = createPreprocessor({ name, config: { max_length: 10 } });
    const emit = () => assert(false);
    await refused("CAISSON_PREPROCESSOR_FAILED", () => preprocessor.process(bytes, emit));
    await refused("CAISSON_PREPROCESSOR_FAILED", () => preprocessor.process(utf8.encode("1 a"), emit));
    await preprocessor.finish(emit);
    preprocessor.process(utf8.encode("1"), emit);
  }
});

Deno.test("decompress refuses bombs, damage, cut and foreign payloads", async () => {
  const bomb = new Uint8Array(1 << 20);
  for (const algorithm of ["gzip", "zlib", "brotli", "zstd"]) {
    const pre = { name: "decompress", config: { algorithm, max_bytes: 1000 } };
    const [small] = await after({ name: "compress", config: { algorithm } }, bytesOf("snot badger ".repeat(40)));
    const [large] = await after({ name: "compress", config: { algorithm } }, [bomb]);
    const error = await refused("CAISSON_PREPROCESSOR_FAILED", () => before(pre, [large!]));
    assert(error.found.includes("max_bytes"), error.found);
    for (let length = 0; length < small!.byteLength; length++) {
      await refused("CAISSON_PREPROCESSOR_FAILED", () => before(pre, [small!.subarray(0, length)]));
    }
    await refused("CAISSON_PREPROCESSOR_FAILED", () => before(pre, [join([small!, utf8.encode("x")])]));
  }
  await refused("CAISSON_PREPROCESSOR_FAILED", () => before("decompress", bytesOf("snot")));
  await refused("CAISSON_CONFIG_INVALID", () => createPostprocessor({ name: "compress", config: { level: 10 } }));
});

Deno.test("remove-empty leaves out what has no bytes", async () => {
  assertEquals(textsOf(await before("remove-empty", bytesOf("", "a", "", "b"))), ["a", "b"]);
});

Deno.test("collect joins payloads up to a size and lets longer ones through", async () => {
  const small = { name: "collect", config: { max_bytes: 5 } };
  assertEquals(textsOf(await after(small, bytesOf("", "snot"), { finish: false })), []);
  assertEquals(textsOf(await after(small, bytesOf("", "snot", "badger", "wobble"))), ["snot", "badger", "wobble"]);
  assertEquals(textsOf(await after("collect", bytesOf("snot", "badger", "wobble"))), ["snotbadgerwobble"]);
});

Deno.test("chunk emits full pieces at once and fails what is longer", async () => {
  const chunk = { name: "chunk", config: { max_bytes: 100 } };
  assertEquals((await after(chunk, [new Uint8Array(100)], { finish: false })).length, 1);
  await refused("CAISSON_POSTPROCESSOR_FAILED", () => after(chunk, [new Uint8Array(101)]));
  for (const config of [{ max_bytes: 0 }, {}, { max_bytes: 1, more: 1 }]) {
    await refused("CAISSON_CONFIG_INVALID", () => createPostprocessor({ name: "chunk", config }));
  }
  const random = randomOf(3);
  const given = Array.from({ length: 500 }, (_, index) => new Uint8Array(random(101)).fill(index));
  const pieces = await after(chunk, given);
  assertEquals(join(pieces), join(given));
  assert(pieces.every(({ byteLength }) => byteLength > 0 && byteLength <= 100));
});

Deno.test("gelf-chunking cuts into chunks with one id, and puts them together in any order, also twice", async () => {
  const post = { name: "gelf-chunking", config: { chunk_size: 20 } };
  const payload = Uint8Array.from({ length: 20 }, (_, index) => index);
  const chunks = await after(post, [payload]);
  assertEquals(chunks.map((chunk) => [chunk[0], chunk[1], chunk[10], chunk[11], chunk.byteLength]), [
    [0x1e, 0x0f, 0, 3, 20],
    [0x1e, 0x0f, 1, 3, 20],
    [0x1e, 0x0f, 2, 3, 16],
  ]);
  const [first, second, third] = chunks as [Uint8Array, Uint8Array, Uint8Array];
  assertEquals(await before("gelf-chunking", [third, third, first, second]), [payload]);
  const two = await after(post, [payload, payload.toReversed()]);
  assertEquals(await before("gelf-chunking", two.toReversed()), [payload.toReversed(), payload]);
  assertEquals(textsOf(await before("gelf-chunking", bytesOf("plain"))), ["plain"]);
  await refused("CAISSON_POSTPROCESSOR_FAILED", () => after(post, [new Uint8Array(8 * 128 + 1)]));
});

Deno.test("gelf-chunking drops and reports messages that are late, too many or wrong", async () => {
  const chunk = (id: number, number: number, count: number, bytes = 1) =>
    new Uint8Array([0x1e, 0x0f, 0, 0, 0, 0, 0, 0, 0, id, number, count, ...new Uint8Array(bytes)]);
  let now = 0;
  const gelf = new GelfPreprocessor({ maxBytes: 10, timeoutMs: 5, now: () => now });
  const out: Uint8Array[] = [];
  const take = (bytes: Uint8Array) => gelf.process(bytes, (piece) => out.push(piece.slice()));
  take(chunk(1, 0, 2));
  now = 5;
  const late = await refused("CAISSON_PREPROCESSOR_FAILED", () => take(chunk(1, 1, 2)));
  assert(late.found.startsWith("1 messages"), late.found);
  now = 6;
  take(chunk(1, 0, 2));
  assertEquals(out, [new Uint8Array(2)]);
  take(chunk(2, 0, 3, 8));
  await refused("CAISSON_PREPROCESSOR_FAILED", () => take(chunk(3, 0, 2, 3)));
  await refused("CAISSON_PREPROCESSOR_FAILED", () => take(chunk(2, 1, 2)));
  for (
    const wrong of [chunk(4, 0, 0), chunk(4, 2, 2), chunk(4, 0, 129), chunk(4, 0, 2, 0), new Uint8Array([0x1e, 0x0f])]
  ) {
    await refused("CAISSON_PREPROCESSOR_FAILED", () => take(wrong));
  }
  await refused("CAISSON_PREPROCESSOR_FAILED", () => gelf.finish());
  await gelf.finish();
});
