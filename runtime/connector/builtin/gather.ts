/** Many small chunks become few writes. @module */

/** Chunks of at least this many bytes are written from where they are. */
const LARGE = 1 << 15;
const BUFFER_BYTES = 1 << 18;

/** Joins chunks in one buffer that is used again. */
export class Gatherer {
  readonly #bytes: number;
  #buffer: Uint8Array<ArrayBuffer> | undefined;

  /** @param bytes size of the buffer */
  constructor(bytes: number = BUFFER_BYTES) {
    this.#bytes = bytes;
  }

  /** The pieces to write, in order. Each is valid until the next one is asked for. */
  *gather(chunks: readonly Uint8Array[]): Generator<Uint8Array, void, void> {
    if (chunks.length === 1) {
      yield chunks[0]!;
      return;
    }
    const buffer = this.#buffer ??= new Uint8Array(this.#bytes);
    let used = 0;
    for (const chunk of chunks) {
      if (used > 0 && used + chunk.byteLength > this.#bytes) {
        yield buffer.subarray(0, used);
        used = 0;
      }
      if (chunk.byteLength < LARGE) {
        buffer.set(chunk, used);
        used += chunk.byteLength;
        continue;
      }
      if (used > 0) yield buffer.subarray(0, used);
      used = 0;
      yield chunk;
    }
    if (used > 0) yield buffer.subarray(0, used);
  }
}
