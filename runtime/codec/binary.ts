/** The codec `binary`: one payload is its bytes. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { Codec } from "./codec.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Bytes as they are. A decoded value is a view of the payload: copy what must outlive the batch. */
export const binary: Codec = {
  name: "binary",
  viewsPayload: true,
  decode: (bytes: Uint8Array): unknown => bytes,
  encode(value: unknown): Uint8Array {
    if (value instanceof Uint8Array) return value;
    if (typeof value === "string") return encodeUtf8(value);
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw new CaissonError("CAISSON_CODEC_ENCODE", {
      subject: "codec binary",
      found: value === null ? "null" : `a value of type ${typeof value}`,
      allowed: "bytes or text",
    });
  },
};
