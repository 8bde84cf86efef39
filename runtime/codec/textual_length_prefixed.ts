/** The interceptors `textual-length-prefixed`: the length as text, RFC 5425. @module */
import type { Emit, Postprocessor } from "./codec.ts";
import type { FrameHead, Framing } from "./framed_preprocessor.ts";
import { fillFresh } from "./slab.ts";
import { encodeUtf8 } from "./utf8.ts";

const MOST_DIGITS = 10;

/** How a stream is cut at such lengths. */
export const textualLengthFraming: Framing = {
  name: "textual-length-prefixed",
  allowed: "LENGTH, a blank, and as many bytes; at most 10 digits",
  read(bytes: Uint8Array, at: number): FrameHead | string | undefined {
    let length = 0;
    const end = Math.min(bytes.byteLength, at + MOST_DIGITS + 1);
    for (let index = at; index < end; index++) {
      const byte = bytes[index]!;
      if (byte === 0x20 && index > at) return { head: index - at + 1, length };
      if (byte < 0x30 || byte > 0x39) return "a length with something else than digits";
      length = length * 10 + byte - 0x30;
    }
    return end - at > MOST_DIGITS ? "a length of too many digits" : undefined;
  },
};

/** Puts the length and a blank in front of each payload. */
export class TextualLengthPrefixedPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "textual-length-prefixed";

  /** Emits the length and the payload as one piece. */
  process(bytes: Uint8Array, emit: Emit): void {
    const head = encodeUtf8(`${bytes.byteLength} `);
    const length = head.byteLength + bytes.byteLength;
    emit(fillFresh(length, (memory) => {
      memory.set(head);
      memory.set(bytes, head.byteLength);
      return length;
    }));
  }

  /** Holds nothing. */
  finish(): void {}
}
