/** The interceptors `ingest-ns`: when an event entered the system, in front of its payload. @module */
import type { Emit, Postprocessor, Preprocessor } from "./codec.ts";
import { unprocessable } from "./codec_error.ts";
import { nanosecondsOf } from "./numbers.ts";
import { fillFresh } from "./slab.ts";

const HEAD = 8;

/** Takes 8 bytes, nanoseconds since 1970, big-endian, from each payload; the event keeps them to a microsecond. */
export class IngestNsPreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "ingest-ns";

  /**
   * Hands on what follows the time.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED` for fewer than 8 bytes
   */
  process(chunk: Uint8Array, emit: Emit): void {
    if (chunk.byteLength < HEAD) {
      throw unprocessable("ingest-ns", `${chunk.byteLength} bytes`, "at least 8: nanoseconds since 1970, big-endian");
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, HEAD);
    const ns = view.getBigUint64(0);
    emit(chunk.subarray(HEAD), Number(ns / 1000n) / 1000);
  }

  /** Holds nothing. */
  finish(): void {}
}

/** Puts 8 bytes, nanoseconds since 1970, big-endian, in front of each payload. */
export class IngestNsPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "ingest-ns";

  /** Emits the time and the payload as one piece. */
  process(bytes: Uint8Array, emit: Emit, timestampMs: number = 0): void {
    const length = HEAD + bytes.byteLength;
    emit(fillFresh(length, (memory) => {
      new DataView(memory.buffer, memory.byteOffset, HEAD).setBigUint64(0, nanosecondsOf(timestampMs));
      memory.set(bytes, HEAD);
      return length;
    }));
  }

  /** Holds nothing. */
  finish(): void {}
}
