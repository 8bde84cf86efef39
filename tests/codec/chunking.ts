/** Random chunks of bytes, and interceptors run over them. @module */
import type { Postprocessor, Preprocessor } from "../../runtime/codec/codec.ts";

/** A small generator of random numbers, the same for the same seed: xorshift. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed * 2654435761 >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The bytes in chunks of random length, some of them empty. */
export function chunksOf(bytes: Uint8Array, random: (below: number) => number, longest: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const length = random(longest + 1);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/**
 * Everything an interceptor emits. Chunks go through one buffer that is overwritten each time, as an arena is: emitted
 * bytes are copied at once, and whatever was kept without a copy shows.
 */
export async function run(
  interceptor: Preprocessor | Postprocessor,
  chunks: readonly Uint8Array[],
  options: { readonly finish?: boolean } = {},
): Promise<Uint8Array[]> {
  const out: Uint8Array[] = [];
  const emit = (bytes: Uint8Array): number => out.push(bytes.slice());
  const arena = new Uint8Array(chunks.reduce((most, { byteLength }) => Math.max(most, byteLength), 0));
  for (const chunk of chunks) {
    arena.set(chunk);
    await interceptor.process(arena.subarray(0, chunk.byteLength), emit);
    arena.fill(0xee);
  }
  if (options.finish !== false) await interceptor.finish(emit);
  return out;
}

/** All pieces as one. */
export function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((length, { byteLength }) => length + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
