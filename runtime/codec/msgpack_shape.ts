/** Walks over MessagePack without making any value of it: lengths, depth, and what a decoder must know. @module */
import { isUtf8 } from "node:buffer";

/** How deep arrays and maps may lie in each other. */
export const MAX_DEPTH = 128;

/** Strings up to this length are looked at byte by byte: a call into native code costs more. */
const SHORT_TEXT = 32;

/** Bytes of the length or value behind the head bytes 0xc4 to 0xdf. */
const TAIL = [1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 16, 1, 2, 4, 2, 4, 2, 4] as const;

/** What is wrong with a payload, or what a decoder must know about it. */
export type Shape =
  | { readonly problem: string; readonly at: number }
  /** `wide`: it holds an integer that a JavaScript number cannot hold exactly. */
  | { readonly problem: undefined; readonly wide: boolean };

const PLAIN: Shape = { problem: undefined, wide: false };
const WIDE: Shape = { problem: undefined, wide: true };

/** Entries still missing in each open array or map; a map counts keys and values. */
const open = new Float64Array(MAX_DEPTH);

/**
 * Checks that the bytes are one complete value: no length points behind the end, nothing lies deeper than
 * {@linkcode MAX_DEPTH}, every string is UTF-8. Never takes more time or memory than the bytes are long, whatever the
 * lengths in them say; after it, a decoder allocates only for entries that are there.
 */
export function shapeOf(bytes: Uint8Array): Shape {
  const end = bytes.byteLength;
  let wide = false;
  let depth = 0;
  let at = 0;
  for (;;) {
    if (at >= end) return { problem: end === 0 ? "no bytes" : "it ends before its value does", at };
    const head = bytes[at]!;
    const start = at++;
    let entries = -1;
    let text = -1;
    let skip = 0;
    if (head < 0x80 || head >= 0xe0) {
      // A small integer is its head.
    } else if (head < 0x90) entries = (head & 15) * 2;
    else if (head < 0xa0) entries = head & 15;
    else if (head < 0xc0) text = head & 31;
    else if (head === 0xc1) return { problem: "the byte 0xc1, which begins no value", at: start };
    else if (head >= 0xc4) {
      const tail = TAIL[head - 0xc4]!;
      if (end - at < tail) return { problem: "it ends before its value does", at: start };
      if (head === 0xcf || head === 0xd3) wide ||= isWide(bytes, at, head === 0xd3);
      if (head >= 0xca && head <= 0xd3) skip = tail;
      // A fixed extension has its type before its data.
      else if (head >= 0xd4 && head <= 0xd8) skip = tail + 1;
      else {
        const length = unsigned(bytes, at, tail);
        at += tail;
        if (head >= 0xde) entries = length * 2;
        else if (head >= 0xdc) entries = length;
        else if (head >= 0xd9) text = length;
        else skip = head >= 0xc7 ? length + 1 : length;
      }
    }
    if (text >= 0) skip = text;
    if (skip > end - at) return { problem: `${skip} bytes are announced, ${end - at} are left`, at: start };
    if (text > 0 && !isText(bytes, at, at + text)) return { problem: "text that is not UTF-8", at: start };
    at += skip;
    if (entries > end - at) {
      return { problem: `${entries} entries are announced, ${end - at} bytes are left`, at: start };
    }
    if (entries > 0) {
      if (depth === MAX_DEPTH) return { problem: `more than ${MAX_DEPTH} levels`, at: start };
      open[depth++] = entries;
      continue;
    }
    while (depth > 0 && --open[depth - 1]! === 0) depth--;
    if (depth > 0) continue;
    if (at < end) return { problem: `${end - at} bytes behind the value`, at };
    return wide ? WIDE : PLAIN;
  }
}

function unsigned(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = 0; index < length; index++) value = value * 256 + bytes[at + index]!;
  return value;
}

/** Whether a 64-bit integer lies beyond plus or minus 2^53 - 1. */
function isWide(bytes: Uint8Array, at: number, signed: boolean): boolean {
  const high = unsigned(bytes, at, 4);
  if (!signed || high < 0x80000000) return high >= 0x200000;
  // -2^53 itself is no safe integer either: only above it the high half says enough.
  return high < 0xffe00000 || (high === 0xffe00000 && unsigned(bytes, at + 4, 4) === 0);
}

function isText(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from <= SHORT_TEXT) {
    let bits = 0;
    for (let index = from; index < to; index++) bits |= bytes[index]!;
    if (bits < 0x80) return true;
  }
  return isUtf8(bytes.subarray(from, to));
}
