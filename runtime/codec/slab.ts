/** Memory for many small results. @module */

const SLAB_BYTES = 1 << 16;
/** Larger results get memory of their own, so that a slab is never wasted on one. */
const MOST = SLAB_BYTES / 8;

let slab: Uint8Array<ArrayBuffer> = new Uint8Array(0);
let used = 0;

/**
 * Fills fresh memory of at most `most` bytes and returns the part that was used. Allocating a small array costs more
 * than filling it, so small ones share slabs of 64 KiB; no byte of a slab is handed out twice.
 */
export function fillFresh(
  most: number,
  fill: (memory: Uint8Array<ArrayBuffer>) => number,
): Uint8Array<ArrayBuffer> {
  if (most > MOST) {
    const memory = new Uint8Array(most);
    return memory.subarray(0, fill(memory));
  }
  if (most > slab.byteLength - used) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const memory = slab.subarray(used, used + most);
  const length = fill(memory);
  used += length;
  return memory.subarray(0, length);
}
