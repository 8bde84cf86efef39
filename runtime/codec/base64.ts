/** The interceptors `base64`: bytes as text and back. @module */
import type { Emit, Postprocessor, Preprocessor } from "./codec.ts";
import { unprocessable } from "./codec_error.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

type FromBase64 = { fromBase64(text: string): Uint8Array<ArrayBuffer> };
type ToBase64 = { toBase64(): string };

/** Decodes every payload for itself; blanks and line ends between characters are skipped. */
export class Base64Preprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "base64";

  /**
   * Decodes one payload.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED`
   */
  process(chunk: Uint8Array, emit: Emit): void {
    let bytes: Uint8Array;
    try {
      bytes = (Uint8Array as unknown as FromBase64).fromBase64(decodeUtf8(chunk));
    } catch {
      throw unprocessable(
        "base64",
        `${chunk.byteLength} bytes that are no base64`,
        "RFC 4648, section 4, whole payloads",
      );
    }
    emit(bytes);
  }

  /** Holds nothing. */
  finish(): void {}
}

/** Encodes every payload for itself, with padding. */
export class Base64Postprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "base64";

  /** Encodes one payload. */
  process(bytes: Uint8Array, emit: Emit): void {
    emit(encodeUtf8((bytes as unknown as ToBase64).toBase64()));
  }

  /** Holds nothing. */
  finish(): void {}
}
