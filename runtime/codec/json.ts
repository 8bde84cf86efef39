/** The codec `json`: one payload is one JSON text. @module */
import type { Batch } from "../data/batch.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { textOf } from "./batch_text.ts";
import type { Codec } from "./codec.ts";
import { undecodable, unencodable } from "./codec_error.ts";
import { jsonTexts } from "./json_texts.ts";
import { isMembers } from "./plain_object.ts";
import { decodeUtf8, decodeUtf8Leniently, encodeUtf8 } from "./utf8.ts";

const EXCERPT = 80;
/** An integer beyond 2^53 has at least 16 digits; without one the source text need not be looked at. */
const LONG = /\d{16}/;
const INTEGER = /^-?\d+$/;
/** Digits from which on making a bigint would cost more than linear time for nobody's use. */
const LONGEST_INTEGER = 400;

// Source text access: in V8 for years, in TypeScript's own list not yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** How a {@linkcode jsonCodec} reads and writes. */
export interface JsonOptions {
  /** Writes the members of every object in the order of their names, by UTF-16 code units. */
  readonly sorted: boolean;
  /** Reads integers beyond 2^53 as bigints; texts that hold 16 digits in a row take ten times as long. */
  readonly wide: boolean;
}

/**
 * JSON in UTF-8; a byte order mark in front is skipped.
 *
 * Numbers are JavaScript numbers, unless `wide` asks for bigints where digits would be lost; bigints are written with
 * all their digits. An event that no operator changes keeps its bytes.
 */
export function jsonCodec(name: string, { sorted, wide }: JsonOptions): Codec {
  const parse = (text: string): unknown =>
    wide && LONG.test(text) ? JSON.parse(text, widen as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
  const replacer = sorted ? sortAndWrite : undefined;
  const codec: Codec = {
    name,
    decode(bytes: Uint8Array): unknown {
      try {
        const text = decodeUtf8(hasByteOrderMark(bytes) ? bytes.subarray(3) : bytes);
        return parse(text);
      } catch (error) {
        throw undecodable(
          "json",
          quote(decodeUtf8Leniently(bytes.subarray(0, 4 * EXCERPT)), EXCERPT),
          error instanceof TypeError ? "UTF-8" : "JSON",
          error,
        );
      }
    },
    decodeOf(batch: Batch, index: number): unknown {
      const text = textOf(batch, index);
      if (text !== undefined) {
        try {
          return parse(text);
        } catch {
          // The error that names the event is made below.
        }
      }
      return codec.decode(batch.payload(index));
    },
    encode(value: unknown): Uint8Array {
      let text: string | undefined;
      try {
        text = JSON.stringify(value, replacer);
      } catch (error) {
        text = withBigints(value, error);
      }
      if (text === undefined) throw unencodable("json", value, "a value that JSON can express");
      return encodeUtf8(text);
    },
    encodeTexts: (values, starts, ends) => jsonTexts(values, starts, ends, replacer),
  };
  return codec;
}

/** The codec without options: the common case, and what events that operators make are in. */
export const json: Codec = jsonCodec("json", { sorted: false, wide: false });

/** Once more with a replacer, which would cost every other event too much. */
function withBigints(value: unknown, first: unknown): string | undefined {
  try {
    return JSON.stringify(value, writeBigint);
  } catch {
    throw unencodable("json", value, "a value that JSON can express", first);
  }
}

function writeBigint(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJSON(String(value)) : value;
}

function sortAndWrite(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return rawJSON(String(value));
  if (!isMembers(value) || isRawJson(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isRawJson(value: unknown): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

function widen(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  if (source === undefined || source.length > LONGEST_INTEGER || !INTEGER.test(source)) return value;
  return BigInt(source);
}
