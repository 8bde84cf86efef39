/** A small generator with a seed, so that a failing case can be run again (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Integer from 0 to `below` - 1. */
export function integer(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

/** Random bytes. */
export function bytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => integer(random, 256));
}
