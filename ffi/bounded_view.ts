/** Reads numbers and text out of a file nobody vouches for. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/** A view whose every read is checked against the end of the file. Little-endian unless told otherwise. */
export class BoundedView {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Names the file in errors. */
  readonly subject: string;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, subject: string) {
    this.bytes = bytes;
    this.subject = subject;
    this.#view = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
  }

  /** Bytes in the view. */
  get length(): number {
    return this.bytes.byteLength;
  }

  #require(offset: number, length: number): void {
    if (offset + length > this.length) {
      throw this.damaged(
        `points to bytes ${offset} to ${offset + length} of ${this.length}`,
      );
    }
  }

  /** The error for a file that contradicts itself. */
  damaged(found: string): CaissonError {
    return new CaissonError("CAISSON_LIBRARY_FORMAT", {
      subject: this.subject,
      found: `damaged object file: ${found}`,
      action: "Build the plugin again, or fetch the library again.",
    });
  }

  u8(offset: number): number {
    this.#require(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#require(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number, littleEndian = true): number {
    this.#require(offset, 4);
    return this.#view.getUint32(offset, littleEndian);
  }

  /** An unsigned 64-bit number; those a file offset cannot reach are damage. */
  u64(offset: number, littleEndian = true): number {
    this.#require(offset, 8);
    const value = Number(this.#view.getBigUint64(offset, littleEndian));
    if (!Number.isSafeInteger(value)) {
      throw this.damaged(`has the number ${value} at ${offset}`);
    }
    return value;
  }

  /** Bytes of the file, not copied. */
  slice(offset: number, length: number): Uint8Array {
    this.#require(offset, length);
    return this.bytes.subarray(offset, offset + length);
  }

  /** Text of at most `length` bytes up to its NUL; bytes beyond ASCII stay what they are, one character each. */
  text(offset: number, length: number): string {
    let text = "";
    const end = Math.min(offset + length, this.length);
    for (let at = offset; at < end; at++) {
      const byte = this.bytes[at]!;
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
