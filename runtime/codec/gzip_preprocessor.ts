/** The preprocessor `gzip`: decompresses a stream as it comes. @module */
import { createGunzip, type Gunzip } from "node:zlib";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Preprocessor } from "./codec.ts";

type Emit = (bytes: Uint8Array) => void;

/**
 * Decompresses gzip, also several members one after another and zeros behind the last.
 *
 * After an error everything up to the end of the stream is refused: what follows damage cannot be trusted.
 */
export class GzipPreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "gzip";
  readonly #maxBytes: number;
  #stream: Gunzip | undefined;
  #emit: Emit = ignore;
  #produced = 0;
  #ended = false;
  #failure: unknown;
  #thrownByEmit: unknown;
  #wake: () => void = ignore;

  /** @param maxBytes most bytes that one chunk may become, against decompression bombs */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Decompresses one chunk; call it again only after the promise has settled.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED`
   */
  async process(chunk: Uint8Array, emit: Emit): Promise<void> {
    if (chunk.byteLength === 0) return;
    if (this.#failure !== undefined) throw this.#refused(this.#failure);
    if (this.#ended) {
      if (chunk.every((byte) => byte === 0)) return;
      this.#failure = "data behind the end of the gzip stream";
      throw this.#refused(this.#failure);
    }
    const stream = this.#stream ??= this.#open();
    await this.#run(emit, (done) => {
      stream.write(
        chunk.buffer instanceof SharedArrayBuffer ? new Uint8Array(chunk) : chunk,
        done,
      );
    });
  }

  /**
   * Ends the stream; another may follow.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED` when it stops in the middle
   */
  async finish(emit: Emit): Promise<void> {
    const stream = this.#stream;
    const whole = this.#failure === undefined && !this.#ended;
    try {
      if (stream !== undefined && whole) {
        await this.#run(emit, (done) => {
          stream.once("end", done);
          stream.end();
        });
      }
    } finally {
      stream?.destroy();
      this.#stream = undefined;
      this.#failure = undefined;
      this.#ended = false;
    }
  }

  #open(): Gunzip {
    const stream = createGunzip();
    stream.on("data", (bytes: Uint8Array) => this.#take(bytes));
    stream.on("end", () => this.#ended = true);
    stream.on("error", (error: unknown) => this.#break(error));
    return stream;
  }

  #take(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    this.#produced += bytes.byteLength;
    if (this.#produced > this.#maxBytes) {
      this.#stream?.destroy();
      this.#break(
        `a chunk that becomes more than max_bytes, ${this.#maxBytes} bytes`,
      );
      return;
    }
    try {
      this.#emit(bytes);
    } catch (error) {
      // A later step that refuses one payload must not cost the ones behind it.
      this.#thrownByEmit ??= error;
    }
  }

  #break(failure: unknown): void {
    this.#failure ??= failure;
    this.#wake();
  }

  async #run(emit: Emit, start: (done: () => void) => void): Promise<void> {
    this.#emit = emit;
    this.#produced = 0;
    this.#thrownByEmit = undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      start(() => resolve());
    });
    this.#emit = ignore;
    if (this.#failure !== undefined) throw this.#refused(this.#failure);
    if (this.#thrownByEmit !== undefined) throw this.#thrownByEmit;
  }

  #refused(failure: unknown): CaissonError {
    return new CaissonError("CAISSON_PREPROCESSOR_FAILED", {
      subject: "preprocessor gzip",
      found: messageOf(failure),
      allowed: "a whole gzip stream",
      cause: failure,
    });
  }
}

function ignore(): void {}
