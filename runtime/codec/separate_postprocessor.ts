/** The postprocessor `separate`: ends each payload with a byte. @module */
import type { Postprocessor } from "./codec.ts";
import { fillFresh } from "./slab.ts";

/** Appends one byte to every payload. */
export class SeparatePostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "separate";
  /** The separator. */
  readonly ending: number;

  /** @param separator the byte, 0 to 255 */
  constructor(separator: number) {
    this.ending = separator;
  }

  /** Emits the payload and the separator as one piece. */
  process(bytes: Uint8Array, emit: (bytes: Uint8Array) => void): void {
    const length = bytes.byteLength;
    emit(fillFresh(length + 1, (memory) => {
      memory.set(bytes);
      memory[length] = this.ending;
      return length + 1;
    }));
  }

  /** Holds nothing. */
  finish(): void {}
}
