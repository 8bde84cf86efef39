/** The interceptors `length-prefixed`: 8 bytes of length, big-endian, in front of each payload. @module */
import type { Emit, Postprocessor } from "./codec.ts";
import type { FrameHead, Framing } from "./framed_preprocessor.ts";
import { fillFresh } from "./slab.ts";

const HEAD = 8;

/** How a stream is cut at such lengths. */
export const lengthFraming: Framing = {
  name: "length-prefixed",
  allowed: "8 bytes of length, big-endian, and as many bytes",
  read(bytes: Uint8Array, at: number): FrameHead | undefined {
    if (bytes.byteLength - at < HEAD) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD);
    return { head: HEAD, length: view.getUint32(0) * 2 ** 32 + view.getUint32(4) };
  },
};

/** Puts the length in front of each payload. */
export class LengthPrefixedPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "length-prefixed";

  /** Emits the length and the payload as one piece. */
  process(bytes: Uint8Array, emit: Emit): void {
    const length = HEAD + bytes.byteLength;
    emit(fillFresh(length, (memory) => {
      new DataView(memory.buffer, memory.byteOffset, HEAD).setBigUint64(0, BigInt(bytes.byteLength));
      memory.set(bytes, HEAD);
      return length;
    }));
  }

  /** Holds nothing. */
  finish(): void {}
}
