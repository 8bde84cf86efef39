/** How bytes get from one memory into another. @module */

/**
 * Copies the first `bytes` bytes of `from` to the start of `to`. Both are at least that long, and do not overlap; either may
 * be shared.
 */
export type CopyBytes = (to: Uint8Array, from: Uint8Array, bytes: number) => void;

/** What JavaScript offers: into or out of shared memory, V8 moves a word at a time. */
export function copyWords(to: Uint8Array, from: Uint8Array, bytes: number): void {
  to.set(from.byteLength === bytes ? from : from.subarray(0, bytes));
}

/** Below this, a call into another language costs more than it saves. */
export const FOREIGN_COPY_FROM = 4096;
