/** What one connection reads into: as large as what comes needs. @module */

/** Size to begin with, and to return to: a connection that says little holds no more. */
const LEAST_BYTES = 1 << 12;
/** Factor from one size to the next. */
const STEP = 4;
/** So many reads in a row would have fit into the smaller size: not a pause between two bursts, but another load. */
const ROOMY_READS = 256;

/**
 * A buffer that grows when a read fills it and shrinks when reads leave most of it empty, as Netty's
 * `AdaptiveRecvByteBufAllocator` has it.
 *
 * Ten thousand connections that say little hold 40 MiB, not 640. And a burst is met in pieces of a few events before it comes in
 * large ones: were every read of the largest size, the first event that two reads share would come with the first backlog
 * of 64 KiB, where code that has never seen one is thrown away by the compiler while hundreds of events wait.
 */
export class ReadBuffer {
  readonly #least: number;
  readonly #most: number;
  #size: number;
  #bytes: Uint8Array | undefined;
  #roomy = 0;

  /** @param most the largest size, bytes; 4,096 or `most` is the least */
  constructor(most: number) {
    this.#most = most;
    this.#least = this.#size = Math.min(LEAST_BYTES, most);
  }

  /** For the next read. Memory of the last one, unless its size changed. */
  get bytes(): Uint8Array {
    return this.#bytes ??= new Uint8Array(this.#size);
  }

  /** Notes what a read brought, and with that the size of the next. What was read stays where it is. */
  filled(length: number): void {
    const size = this.#size;
    if (length === size) this.#resize(Math.min(this.#most, size * STEP));
    else if (length > size / STEP || size === this.#least) this.#roomy = 0;
    else if (++this.#roomy === ROOMY_READS) this.#resize(Math.max(this.#least, Math.ceil(size / STEP)));
  }

  /** Lets the memory go. */
  free(): void {
    this.#bytes = undefined;
  }

  #resize(size: number): void {
    this.#roomy = 0;
    if (size === this.#size) return;
    this.#size = size;
    this.#bytes = undefined;
  }
}
