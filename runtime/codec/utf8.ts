/** Text to UTF-8 and back, fast for the short payloads of a batch. @module */
import { fillFresh } from "./slab.ts";

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
// A fatal decoder takes three times as long, so it only judges text that a lenient one had to repair.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const REPLACEMENT = "\uFFFD";
const SCRATCH_BYTES = 1 << 16;
/** Characters from which on the encoder's own allocation costs less than reserving three bytes for each. */
const LONG_TEXT = 2048;

let scratch: Uint8Array<ArrayBuffer> | undefined;

/** Decoding straight from shared memory costs ten times as much as copying first. */
function unshared(bytes: Uint8Array): Uint8Array {
  if (!(bytes.buffer instanceof SharedArrayBuffer)) return bytes;
  const length = bytes.byteLength;
  if (length > SCRATCH_BYTES) return new Uint8Array(bytes);
  scratch ??= new Uint8Array(SCRATCH_BYTES);
  scratch.set(bytes);
  return scratch.subarray(0, length);
}

/**
 * Decodes UTF-8; a byte order mark is kept.
 *
 * @throws {TypeError} when the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const plain = unshared(bytes);
  const text = lenient.decode(plain);
  return text.includes(REPLACEMENT) ? strict.decode(plain) : text;
}

/** Decodes UTF-8 for a message; malformed bytes become U+FFFD. */
export function decodeUtf8Leniently(bytes: Uint8Array): string {
  return lenient.decode(unshared(bytes));
}

/** Encodes text as UTF-8; halves of surrogate pairs become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > LONG_TEXT) return encoder.encode(text);
  return fillFresh(
    text.length * 3,
    (memory) => encoder.encodeInto(text, memory).written,
  );
}
