/** The preprocessor `remove-empty`: payloads without bytes are no events. @module */
import type { Emit, Preprocessor } from "./codec.ts";

/** Leaves out empty payloads. */
export class RemoveEmptyPreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "remove-empty";

  /** Hands on what has bytes. */
  process(chunk: Uint8Array, emit: Emit): void {
    if (chunk.byteLength > 0) emit(chunk);
  }

  /** Holds nothing. */
  finish(): void {}
}
