/** The codec `string`: one payload is one text. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { json } from "./json.ts";
import { decodeUtf8, decodeUtf8Leniently, encodeUtf8 } from "./utf8.ts";

/** Text in UTF-8, byte for byte; a value that is no text is written as JSON. */
export const string: Codec = {
  name: "string",
  decode(bytes: Uint8Array): unknown {
    try {
      return decodeUtf8(bytes);
    } catch (error) {
      throw new CaissonError("CAISSON_CODEC_DECODE", {
        subject: "codec string",
        found: quote(decodeUtf8Leniently(bytes.subarray(0, 320)), 80),
        allowed: "UTF-8",
        cause: error,
      });
    }
  },
  encode(value: unknown): Uint8Array {
    return typeof value === "string" ? encodeUtf8(value) : json.encode(value);
  },
};
