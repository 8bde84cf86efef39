/** The preprocessor `decompress`: every payload was compressed by itself. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Emit, Preprocessor } from "./codec.ts";
import { unprocessable } from "./codec_error.ts";
import { type Compression, compressions, detectCompression } from "./compression.ts";

/** Decompresses whole payloads. For one compressed stream of many payloads there is `gzip`. */
export class DecompressPreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "decompress";
  readonly #fixed: Compression | undefined;
  readonly #maxBytes: number;

  /**
   * @param algorithm one of {@linkcode compressions}, or `autodetect`
   * @param maxBytes most bytes one payload may become, against decompression bombs
   */
  constructor(algorithm: string, maxBytes: number) {
    this.#fixed = compressions.get(algorithm);
    this.#maxBytes = maxBytes;
  }

  /**
   * Decompresses one payload.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED`
   */
  process(chunk: Uint8Array, emit: Emit): void {
    const compression = this.#fixed ?? detectCompression(chunk);
    if (compression === undefined) {
      throw unprocessable(
        "decompress",
        `${chunk.byteLength} bytes that begin like no known compression`,
        "gzip, zlib or zstd; brotli cannot be detected",
        "Name the algorithm in its configuration.",
      );
    }
    emit(this.#decompress(compression, chunk));
  }

  /** Holds nothing. */
  finish(): void {}

  #decompress(compression: Compression, chunk: Uint8Array): Uint8Array {
    try {
      const { buffer, byteOffset, byteLength } = compression.decompress(chunk, this.#maxBytes);
      // A Buffer's slice copies nothing, and later steps keep what they hold by slice.
      return new Uint8Array(buffer, byteOffset, byteLength);
    } catch (cause) {
      const tooLarge = (cause as { readonly code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
      throw new CaissonError("CAISSON_PREPROCESSOR_FAILED", {
        subject: "preprocessor decompress",
        found: tooLarge ? `a payload that becomes more than max_bytes, ${this.#maxBytes} bytes` : messageOf(cause),
        allowed: "a whole compressed payload",
        cause,
      });
    }
  }
}
