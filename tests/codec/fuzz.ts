/** Random, mutated and cut input for codecs and interceptors. @module */
import { assert, assertEquals } from "@std/assert";
import { codecNames, createCodec } from "../../runtime/codec/codecs.ts";
import type { CodecConfig } from "../../runtime/codec/codec_config.ts";
import type { InterceptorConfig } from "../../runtime/codec/interceptor_config.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor, preprocessorNames } from "../../runtime/codec/preprocessors.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { randomOf } from "./chunking.ts";

const utf8 = new TextEncoder();

/** What decoders like: one line each of every format. */
export const seeds: readonly Uint8Array[] = [
  '{"a":[1,2.5e3,"\\u00fc",null,{"b":true}],"n":1465839830100400200}',
  'a,"b ""c""",,1',
  "a: &x [1, 'b', {c: d}]\nb: *x\nc: |\n  text\n",
  'weather,location=us\\,midwest,b=c temperature=82i,x="a\\"b",t=true 1465839830100400200',
  "sam:7|c|@0.1",
  "dog:111:222:4.44|g|@0.5|#foo:bar,fizz:buzz|c:123abc",
  "_e{4,6}:Test|A Test|d:1663016695|h:host|k:a|p:normal|s:test|t:warning|#a:b|c:123abc",
  "_sc|Redis connection|2|d:1663016695|h:host|#env:dev|m:message",
  "beep.boop 7 1620649445",
  "<34>Oct 11 22:14:15 mymachine su[7]: 'su root' failed",
  '<165>1 2003-10-11T22:14:15.003Z host app 1 ID47 [a@1 iut="3" b="\\]"] text',
  "12 snot badger!7 snot",
  "c25vdCBiYWRnZXI=",
].map((text) => utf8.encode(text)).concat([
  Uint8Array.fromHex("1f8b0800000000000003 2bce cf2f0100 4c2db5cd 04000000".replaceAll(" ", "")),
  Uint8Array.fromHex("28b52ffd00582900006 8656c6c6f".replaceAll(" ", "")),
  Uint8Array.fromHex("1e0f00000000000000010002 aabb".replaceAll(" ", "")),
  Uint8Array.fromHex("0000000000000003 010203 0000000000000001 ff".replaceAll(" ", "")),
  Uint8Array.fromHex("82a16101a162 93c0c3cb3ff8000000000000".replaceAll(" ", "")),
]);

/** One input: random bytes, or a seed with bytes changed, cut, doubled or moved. */
export function fuzzInput(random: (below: number) => number): Uint8Array {
  if (random(8) === 0) return Uint8Array.from({ length: random(200) }, () => random(256));
  let bytes = seeds[random(seeds.length)]!.slice();
  for (let changes = random(6); changes >= 0; changes--) {
    const at = random(bytes.byteLength + 1);
    const kind = random(5);
    if (kind === 0) bytes = bytes.slice(0, at);
    else if (kind === 1) bytes = bytes.slice(at);
    else if (kind === 2 && bytes.byteLength > 0) bytes[at % bytes.byteLength] = random(256);
    else if (kind === 3) bytes = new Uint8Array([...bytes, ...bytes.subarray(at)]).slice(0, 4096);
    else {
      const special = ' \t\r\n,:;=|\\"[]{}<>#@*&!-+.0i\u0000'.charCodeAt(random(31));
      bytes = new Uint8Array([...bytes.subarray(0, at), special, ...bytes.subarray(at)]);
    }
  }
  return bytes;
}

/** Every codec, with configurations that change its code. */
export const fuzzedCodecs: readonly CodecConfig[] = [
  ...codecNames,
  { name: "json", config: { mode: "sorted", integers: "bigint" } },
  { name: "influx", config: { integers: "number" } },
];

/** Every preprocessor, with configurations that change its code. */
export const fuzzedPreprocessors: readonly InterceptorConfig[] = [
  ...preprocessorNames,
  { name: "decompress", config: { algorithm: "brotli", max_bytes: 10_000 } },
  { name: "decompress", config: { algorithm: "zlib" } },
  { name: "separate", config: { buffered: false, max_length: 10 } },
];

/**
 * Decodes inputs; what decodes is encoded, and what encodes decodes again: the formats are closed under themselves.
 *
 * @returns how many inputs decoded
 */
export function fuzzCodec(named: CodecConfig, rounds: number, seed: number): number {
  const random = randomOf(seed);
  const codec = createCodec(named);
  let decoded = 0;
  for (let round = 0; round < rounds; round++) {
    const bytes = fuzzInput(random);
    let value: unknown;
    try {
      value = codec.decode(bytes, 1000);
      decoded++;
    } catch (error) {
      expectCode(error, "CAISSON_CODEC_DECODE", codec.name, bytes);
      continue;
    }
    let encoded: Uint8Array;
    try {
      encoded = codec.encode(value);
    } catch (error) {
      expectCode(error, "CAISSON_CODEC_ENCODE", codec.name, bytes);
      continue;
    }
    try {
      codec.decode(encoded, 1000);
    } catch (error) {
      throw new Error(`${codec.name} cannot read what it wrote for ${bytes.toHex()}: ${encoded.toHex()}`, {
        cause: error,
      });
    }
  }
  return decoded;
}

/** Feeds streams of random chunks; each ends, also after errors, and another begins. */
export async function fuzzPreprocessor(named: InterceptorConfig, rounds: number, seed: number): Promise<void> {
  const random = randomOf(seed);
  const preprocessor = createPreprocessor(named);
  const emit = (bytes: Uint8Array): void => assert(bytes.byteLength <= 1 << 24);
  for (let round = 0; round < rounds; round++) {
    const chunks = Array.from({ length: 1 + random(4) }, () => fuzzInput(random));
    for (const chunk of chunks) {
      try {
        await preprocessor.process(chunk, emit);
      } catch (error) {
        expectCode(error, "CAISSON_PREPROCESSOR_FAILED", preprocessor.name, chunk);
      }
    }
    try {
      await preprocessor.finish(emit);
    } catch (error) {
      expectCode(error, "CAISSON_PREPROCESSOR_FAILED", preprocessor.name, chunks.at(-1)!);
    }
  }
}

/** What a postprocessor wrote, as its counterpart gets it. */
export interface FuzzedPostprocessor {
  /** The postprocessor. */
  readonly named: InterceptorConfig;
  /** What reads it again; none compares the bytes all payloads make together. */
  readonly reader?: InterceptorConfig;
  /** `pieces`: each piece for itself, as datagrams. `stream`: cut anywhere. */
  readonly travels: "pieces" | "stream";
  /** Payloads that it cannot carry, because its format does not escape them. @default {none} */
  readonly leavesOut?: (payload: Uint8Array) => boolean;
}

/** Every postprocessor, with configurations that change its code. */
export const fuzzedPostprocessors: readonly FuzzedPostprocessor[] = [
  { named: "separate", reader: "separate", travels: "stream", leavesOut: (payload) => payload.includes(10) },
  { named: "gzip", reader: "gzip", travels: "stream" },
  ...["gzip", "zlib", "brotli", "zstd"].map((algorithm): FuzzedPostprocessor => ({
    named: { name: "compress", config: { algorithm } },
    reader: { name: "decompress", config: { algorithm } },
    travels: "pieces",
  })),
  { named: "base64", reader: "base64", travels: "pieces" },
  { named: "length-prefixed", reader: "length-prefixed", travels: "stream" },
  { named: "textual-length-prefixed", reader: "textual-length-prefixed", travels: "stream" },
  { named: "ingest-ns", reader: "ingest-ns", travels: "pieces" },
  {
    named: { name: "gelf-chunking", config: { chunk_size: 40 } },
    reader: "gelf-chunking",
    travels: "pieces",
    // A payload that fits is sent as it is, and one that begins like a chunk would be taken for one.
    leavesOut: (payload) => payload[0] === 0x1e && payload[1] === 0x0f,
  },
  { named: { name: "collect", config: { max_bytes: 100 } }, travels: "stream" },
  { named: { name: "chunk", config: { max_bytes: 100 } }, travels: "stream" },
];

/**
 * Frames streams of payloads and reads them again: what was not refused with a typed error comes back as it was.
 *
 * @returns how many payloads came back
 */
export async function fuzzPostprocessor(fuzzed: FuzzedPostprocessor, rounds: number, seed: number): Promise<number> {
  const random = randomOf(seed);
  const postprocessor = createPostprocessor(fuzzed.named);
  let carried = 0;
  for (let round = 0; round < rounds; round++) {
    const payloads: Uint8Array[] = [];
    const pieces: Uint8Array[] = [];
    const emit = (bytes: Uint8Array): void => void pieces.push(bytes.slice());
    for (let left = 1 + random(5); left > 0; left--) {
      const payload = fuzzInput(random);
      if (fuzzed.leavesOut?.(payload) === true) continue;
      try {
        await postprocessor.process(payload.slice(), emit, 1000);
        payloads.push(payload);
      } catch (error) {
        expectCode(error, "CAISSON_POSTPROCESSOR_FAILED", postprocessor.name, payload);
      }
    }
    await postprocessor.finish(emit);
    const read = await readBack(fuzzed, pieces, random);
    // A stream of bytes has no payloads: only what they make together counts.
    const [found, given] = fuzzed.reader === undefined || fuzzed.named === "gzip"
      ? [[join(read)], [join(payloads)]]
      : [read, payloads];
    assertEquals(found.map((bytes) => bytes.toHex()), given.map((bytes) => bytes.toHex()), postprocessor.name);
    carried += payloads.length;
  }
  return carried;
}

async function readBack(
  { reader, travels }: FuzzedPostprocessor,
  pieces: readonly Uint8Array[],
  random: (below: number) => number,
): Promise<Uint8Array[]> {
  if (reader === undefined) return [...pieces];
  const preprocessor = createPreprocessor(reader);
  const read: Uint8Array[] = [];
  const emit = (bytes: Uint8Array): void => void read.push(bytes.slice());
  for (const piece of travels === "pieces" ? pieces : cutAnywhere(join(pieces), random)) {
    await preprocessor.process(piece, emit);
  }
  await preprocessor.finish(emit);
  return read;
}

function cutAnywhere(bytes: Uint8Array, random: (below: number) => number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let from = 0; from < bytes.byteLength;) {
    const to = from + 1 + random(60);
    cut.push(bytes.slice(from, to));
    from = to;
  }
  return cut;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.byteLength;
  }
  return joined;
}

function expectCode(error: unknown, code: string, name: string, bytes: Uint8Array): void {
  if (error instanceof CaissonError && error.code === code) return;
  throw new Error(`${name}: not ${code}, for ${bytes.toHex()}`, { cause: error });
}
