/** Bytes of text that is ASCII. @module */
import { fillFresh } from "./slab.ts";

const encoder = new TextEncoder();

/** The bytes of a text if each of its characters is one: only then is the index of a character that of its byte. */
export function asciiBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  let read = 0;
  const bytes = fillFresh(text.length, (memory) => {
    const done = encoder.encodeInto(text, memory);
    read = done.read;
    return done.written;
  });
  // Text that takes more bytes than it has characters does not fit.
  return read === text.length ? bytes : undefined;
}
