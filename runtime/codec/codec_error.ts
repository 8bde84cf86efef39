/** What codecs and interceptors throw. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { excerpt, quote } from "../manifest/untrusted_text.ts";
import { decodeUtf8, decodeUtf8Leniently } from "./utf8.ts";

const EXCERPT = 80;

/** A payload that a codec cannot read. */
export function undecodable(codec: string, found: string, allowed: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_CODEC_DECODE", {
    subject: `codec ${codec}`,
    found,
    allowed,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A value that a codec cannot write. */
export function unencodable(codec: string, value: unknown, allowed: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_CODEC_ENCODE", {
    subject: `codec ${codec}`,
    found: cause === undefined ? shown(value) : messageOf(cause),
    allowed,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A chunk that a preprocessor cannot take apart. */
export function unprocessable(name: string, found: string, allowed: string, action?: string): CaissonError {
  return new CaissonError("CAISSON_PREPROCESSOR_FAILED", {
    subject: `preprocessor ${name}`,
    found,
    allowed,
    ...(action === undefined ? {} : { action }),
  });
}

/** A payload that a postprocessor cannot frame or pack. */
export function unframable(name: string, found: string, allowed: string, action?: string): CaissonError {
  return new CaissonError("CAISSON_POSTPROCESSOR_FAILED", {
    subject: `postprocessor ${name}`,
    found,
    allowed,
    ...(action === undefined ? {} : { action }),
  });
}

/** The text of a payload, without the end of a line. */
export function lineOf(codec: string, bytes: Uint8Array): string {
  let end = bytes.byteLength;
  if (end > 0 && bytes[end - 1] === 0x0a) end--;
  if (end > 0 && bytes[end - 1] === 0x0d) end--;
  try {
    return decodeUtf8(bytes.subarray(0, end));
  } catch (cause) {
    throw undecodable(codec, quote(decodeUtf8Leniently(bytes.subarray(0, 4 * EXCERPT)), EXCERPT), "UTF-8", cause);
  }
}

/** A value for a message; any value, also one that JSON cannot express. */
export function shown(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  try {
    return excerpt(value, EXCERPT);
  } catch {
    return `a value of type ${typeof value}`;
  }
}
