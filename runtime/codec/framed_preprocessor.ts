/** Cuts a stream whose payloads say how long they are. @module */
import type { Emit, Preprocessor } from "./codec.ts";
import { unprocessable } from "./codec_error.ts";

/** What a frame's head says. */
export interface FrameHead {
  /** Bytes of the head. */
  readonly head: number;
  /** Bytes of the payload behind it. */
  readonly length: number;
}

/** How frames of one format begin. */
export interface Framing {
  /** Name in flows. */
  readonly name: string;
  /** What is accepted, for errors. */
  readonly allowed: string;
  /** The head at the start of the bytes; `undefined` when more are needed, a text for what is wrong with it. */
  read(bytes: Uint8Array, at: number): FrameHead | string | undefined;
}

/**
 * Emits views of the chunk for whole payloads; only what continues in the next chunk is copied, each byte once.
 *
 * After a wrong or too large length everything up to the end of the stream is refused: nothing says where the next
 * payload begins.
 */
export class FramedPreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name: string;
  readonly #framing: Framing;
  readonly #maxLength: number;
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #used = 0;
  #failure: string | undefined;

  /** @param maxLength most bytes a payload may have */
  constructor(framing: Framing, maxLength: number) {
    this.name = framing.name;
    this.#framing = framing;
    this.#maxLength = maxLength;
  }

  /** Whether the last payload is not whole. */
  get holds(): boolean {
    return this.#used > 0;
  }

  /**
   * Cuts one chunk.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED`
   */
  process(chunk: Uint8Array, emit: Emit): void {
    if (this.#failure !== undefined) throw this.#refused(this.#failure);
    const continued = this.#used > 0;
    if (continued) this.#hold(chunk);
    const bytes = continued ? this.#held.subarray(0, this.#used) : chunk;
    let at = 0;
    while (at < bytes.byteLength) {
      const frame = this.#framing.read(bytes, at);
      if (frame === undefined) break;
      if (typeof frame === "string") return this.#fail(frame);
      if (frame.length > this.#maxLength) {
        return this.#fail(`a payload of ${frame.length} bytes, more than max_length, ${this.#maxLength}`);
      }
      const end = at + frame.head + frame.length;
      if (end > bytes.byteLength) break;
      emit(bytes.subarray(at + frame.head, end));
      at = end;
    }
    if (!continued) return this.#hold(chunk.subarray(at));
    this.#held.copyWithin(0, at, this.#used);
    this.#used -= at;
  }

  /**
   * Ends the stream; another may follow.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED` when it stops within a payload, which is not emitted
   */
  finish(): void {
    const left = this.#used;
    this.#used = 0;
    this.#held = new Uint8Array(0);
    this.#failure = undefined;
    if (left > 0) throw this.#refused(`a stream that ends within a payload, ${left} bytes after it began`);
  }

  #hold(bytes: Uint8Array): void {
    const needed = this.#used + bytes.byteLength;
    if (needed > this.#held.byteLength) {
      const larger = new Uint8Array(Math.max(needed, this.#held.byteLength * 2));
      larger.set(this.#held.subarray(0, this.#used));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#used);
    this.#used = needed;
  }

  #fail(found: string): never {
    this.#failure = found;
    this.#used = 0;
    this.#held = new Uint8Array(0);
    throw this.#refused(found);
  }

  #refused(found: string): Error {
    return unprocessable(this.name, found, this.#framing.allowed, "Check the framing, or raise max_length.");
  }
}
