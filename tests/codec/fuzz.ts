/** Random, mutated and cut input for codecs and interceptors. @module */
import { assert } from "@std/assert";
import { codecNames, createCodec } from "../../runtime/codec/codecs.ts";
import type { CodecConfig } from "../../runtime/codec/codec_config.ts";
import type { InterceptorConfig } from "../../runtime/codec/interceptor_config.ts";
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

function expectCode(error: unknown, code: string, name: string, bytes: Uint8Array): void {
  if (error instanceof CaissonError && error.code === code) return;
  throw new Error(`${name}: not ${code}, for ${bytes.toHex()}`, { cause: error });
}
