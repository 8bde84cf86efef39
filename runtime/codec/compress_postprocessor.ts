/** The postprocessor `compress`: compresses every payload by itself. @module */
import type { Emit, Postprocessor } from "./codec.ts";
import type { Compression } from "./compression.ts";

/** Compresses whole payloads. For one compressed stream of many payloads there is `gzip`. */
export class CompressPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "compress";
  readonly #compression: Compression;
  readonly #level: number;

  /** Takes an algorithm and one of its levels. */
  constructor(compression: Compression, level: number) {
    this.#compression = compression;
    this.#level = level;
  }

  /** Compresses one payload. */
  process(bytes: Uint8Array, emit: Emit): void {
    const { buffer, byteOffset, byteLength } = this.#compression.compress(bytes, this.#level);
    emit(new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** Holds nothing. */
  finish(): void {}
}
