/** The postprocessors `collect` and `chunk`: several payloads in one write. @module */
import type { Emit, Postprocessor } from "./codec.ts";
import { unframable } from "./codec_error.ts";

/** What a {@linkcode CollectPostprocessor} does. */
export interface CollectOptions {
  /** Name in flows. */
  readonly name: "collect" | "chunk";
  /** Bytes one piece is filled up to. */
  readonly maxBytes: number;
  /** Whether a payload longer than that is an error; else it becomes a piece of its own. */
  readonly strict: boolean;
  /** Longest time a payload is held, milliseconds. */
  readonly flushMs: number;
}

/** Joins payloads, which are never divided. */
export class CollectPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name: string;
  /** Longest time a payload is held, milliseconds. */
  readonly flushMs: number;
  readonly #maxBytes: number;
  readonly #strict: boolean;
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #used = 0;
  #payloads = 0;

  /** Holds nothing yet. */
  constructor({ name, maxBytes, strict, flushMs }: CollectOptions) {
    this.name = name;
    this.#maxBytes = maxBytes;
    this.#strict = strict;
    this.flushMs = flushMs;
  }

  /** Payloads that are held. */
  get held(): number {
    return this.#payloads;
  }

  /**
   * Holds one payload; emits what was held when there is no room, and a piece that is full.
   *
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED` for a payload that is too long, when `strict`
   */
  process(bytes: Uint8Array, emit: Emit): void {
    const length = bytes.byteLength;
    if (this.#strict && length > this.#maxBytes) {
      throw unframable(this.name, `a payload of ${length} bytes`, `at most max_bytes, ${this.#maxBytes} bytes`);
    }
    if (this.#used + length > this.#maxBytes) this.finish(emit);
    if (this.#used + length > this.#held.byteLength) {
      const larger = new Uint8Array(Math.max(this.#used + length, Math.min(this.#held.byteLength * 2, this.#maxBytes)));
      larger.set(this.#held.subarray(0, this.#used));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#used);
    this.#used += length;
    this.#payloads++;
    if (this.#strict && this.#used === this.#maxBytes) this.finish(emit);
  }

  /** Emits what is held, if anything is. */
  finish(emit: Emit): void {
    const { byteLength } = this.#held;
    const piece = this.#held.subarray(0, this.#used);
    // The piece is still to be written, so the next one needs memory of its own.
    this.#held = new Uint8Array(Math.min(byteLength, this.#maxBytes, 1 << 16));
    this.#used = 0;
    this.#payloads = 0;
    if (piece.byteLength > 0) emit(piece);
  }

  /** The same: every piece stands by itself. */
  flush(emit: Emit): void {
    this.finish(emit);
  }
}
