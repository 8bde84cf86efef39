/** Text whose characters are its bytes. @module */
import { decodeUtf8Leniently } from "./utf8.ts";

const REPLACEMENT = "\uFFFD";

/** The bytes as text if all of them are ASCII: only then is the index of a character that of its byte. */
export function asciiText(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8Leniently(bytes);
  // A longer sequence makes the text shorter than its bytes, and what is no UTF-8 puts this character in.
  return text.length === bytes.byteLength && !text.includes(REPLACEMENT) ? text : undefined;
}
