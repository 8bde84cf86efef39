/** The codec `json`: one payload is one JSON text. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { excerpt, quote } from "../manifest/untrusted_text.ts";
import type { Batch } from "../data/batch.ts";
import { textOf } from "./batch_text.ts";
import type { Codec } from "./codec.ts";
import { decodeUtf8, decodeUtf8Leniently, encodeUtf8 } from "./utf8.ts";

const EXCERPT = 80;

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/**
 * JSON in UTF-8; a byte order mark in front is skipped.
 *
 * Numbers are JavaScript numbers: integers beyond 2^53 lose digits. An event that no operator changes keeps its bytes.
 */
export const json: Codec = {
  name: "json",
  decode(bytes: Uint8Array): unknown {
    try {
      return JSON.parse(
        decodeUtf8(hasByteOrderMark(bytes) ? bytes.subarray(3) : bytes),
      );
    } catch (error) {
      throw new CaissonError("CAISSON_CODEC_DECODE", {
        subject: "codec json",
        found: quote(
          decodeUtf8Leniently(bytes.subarray(0, 4 * EXCERPT)),
          EXCERPT,
        ),
        allowed: error instanceof SyntaxError ? "JSON" : "UTF-8",
        cause: error,
      });
    }
  },
  decodeOf(batch: Batch, index: number): unknown {
    const text = textOf(batch, index);
    if (text !== undefined) {
      try {
        return JSON.parse(text);
      } catch {
        // The error that names the event is made below.
      }
    }
    return json.decode(batch.payload(index));
  },
  encode(value: unknown): Uint8Array {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw new CaissonError("CAISSON_CODEC_ENCODE", {
        subject: "codec json",
        found: messageOf(error),
        allowed: "a value that JSON can express",
        cause: error,
      });
    }
    if (text === undefined) {
      throw new CaissonError("CAISSON_CODEC_ENCODE", {
        subject: "codec json",
        found: excerpt(value, EXCERPT),
        allowed: "a value that JSON can express",
      });
    }
    return encodeUtf8(text);
  },
};
