/** The preprocessor `separate`: cuts a stream at a byte. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { ByteFinder } from "./byte_finder.ts";
import type { Preprocessor } from "./codec.ts";

/** How a {@linkcode SeparatePreprocessor} cuts. */
export interface SeparateOptions {
  /** The byte that ends a payload, 0 to 255. */
  readonly separator: number;
  /** Most bytes a payload may have. */
  readonly maxLength: number;
  /** Keep what follows the last separator for the next chunk; else every chunk is cut for itself. */
  readonly buffered: boolean;
}

/** A shorter chunk is cut before it has been handed over. */
const LEAST_BULK = 1 << 14;

type Emit = (bytes: Uint8Array) => void;

/**
 * Emits views of the chunk for whole payloads; only what continues in the next chunk is copied.
 *
 * A payload that is too long is left out, up to its separator, and reported once; all others are emitted.
 */
export class SeparatePreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "separate";
  /** As {@linkcode Preprocessor.onText}. */
  onText: Preprocessor["onText"] = undefined;
  /** As {@linkcode Preprocessor.onSlice}. */
  onSlice: Preprocessor["onSlice"] = undefined;
  /** As {@linkcode Preprocessor.bulk}. */
  bulk: Preprocessor["bulk"] = undefined;
  /** The byte that ends a payload. */
  readonly separator: number;
  /** Most bytes a payload may have. */
  readonly maxLength: number;
  readonly #buffered: boolean;
  readonly #separators: ByteFinder;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #skipping = false;

  /** Starts at the beginning of a stream. */
  constructor({ separator, maxLength, buffered }: SeparateOptions) {
    this.separator = separator;
    this.#separators = new ByteFinder(separator);
    this.maxLength = maxLength;
    this.#buffered = buffered;
  }

  /** Whether the last payload is not whole. */
  get holds(): boolean {
    return this.#held > 0;
  }

  /**
   * Cuts one chunk.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED` after the rest of the chunk was emitted
   */
  process(chunk: Uint8Array, emit: Emit): void {
    const { maxLength } = this;
    const separators = this.#separators;
    separators.begin(chunk, this.onText);
    let overlong = 0;
    let start = this.bulk === undefined || chunk.byteLength < LEAST_BULK ? 0 : this.#cutMany(chunk, this.bulk);
    let end = start === 0 ? separators.next(0) : -1;
    if (end >= 0 && (this.#held > 0 || this.#skipping)) {
      if (this.#skipping) this.#skipping = false;
      else if (this.#held + end > maxLength) overlong = this.#held + end;
      else emit(this.#join(chunk.subarray(0, end)));
      this.#forget();
      start = end + 1;
      end = separators.next(start);
    }
    const { onSlice } = this;
    while (end >= 0) {
      if (end - start <= maxLength) {
        if (onSlice === undefined) emit(chunk.subarray(start, end));
        else onSlice(start, end);
      } else overlong = end - start;
      start = end + 1;
      end = separators.next(start);
    }
    separators.end();
    const rest = chunk.byteLength - start;
    if (!this.#buffered) {
      if (rest <= maxLength) emit(chunk.subarray(start));
      else overlong = rest;
    } else if (rest > 0 && !this.#skipping) {
      if (this.#held + rest > maxLength) {
        overlong = this.#held + rest;
        this.#forget();
        this.#skipping = true;
      } else {
        // The chunk's memory is used again once its events are settled.
        this.#pieces.push(chunk.slice(start));
        this.#held += rest;
      }
    }
    if (overlong > 0) throw this.#tooLong(overlong);
  }

  /** Has all payloads that end in the chunk taken at once; where what follows them begins, 0 when they were not taken. */
  #cutMany(chunk: Uint8Array, bulk: NonNullable<Preprocessor["bulk"]>): number {
    const last = chunk.lastIndexOf(this.separator);
    const first = this.#held === 0 ? -1 : chunk.indexOf(this.separator);
    if (this.#skipping || last <= first || this.#held + first > this.maxLength) return 0;
    const head = this.#held === 0 ? undefined : this.#join(chunk.subarray(0, first + 1));
    if (!bulk(head, chunk.subarray(first + 1, last + 1))) return 0;
    this.#forget();
    return last + 1;
  }

  /** Emits what followed the last separator, if anything did. */
  finish(emit: Emit): void {
    const held = this.#held > 0 ? this.#join(new Uint8Array(0)) : undefined;
    this.#forget();
    this.#skipping = false;
    if (held !== undefined) emit(held);
  }

  #forget(): void {
    this.#pieces = [];
    this.#held = 0;
  }

  #join(last: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#held + last.byteLength);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.byteLength;
    }
    whole.set(last, at);
    return whole;
  }

  #tooLong(length: number): CaissonError {
    return new CaissonError("CAISSON_PREPROCESSOR_FAILED", {
      subject: "preprocessor separate",
      found: `at least ${length} bytes without a separator`,
      allowed: `at most ${this.maxLength} bytes`,
      action: "Raise max_length, or check the separator.",
    });
  }
}
