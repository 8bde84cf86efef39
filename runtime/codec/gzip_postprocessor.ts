/** The postprocessor `gzip`: compresses everything a sink writes into one stream. @module */
import { createGzip, type Gzip } from "node:zlib";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Postprocessor } from "./codec.ts";

const BLOCK_BYTES = 1 << 16;

type Emit = (bytes: Uint8Array) => void;

/**
 * Compresses in blocks of 64 KiB; payloads are copied into the block, because their memory is used again.
 *
 * One gzip member a stream, complete only after {@linkcode GzipPostprocessor.finish}: events count as written when they
 * are in the block, so events of the last block are lost when the host is killed.
 */
export class GzipPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "gzip";
  readonly #level: number;
  #stream: Gzip | undefined;
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK_BYTES);
  #used = 0;
  #output: Uint8Array[] = [];
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;
  #wake: () => void = ignore;

  /** @param level 0, no compression, to 9, smallest */
  constructor(level: number) {
    this.#level = level;
  }

  /**
   * Takes one payload; a promise only when a block is full. Calls may overlap, their output stays in order.
   *
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED`
   */
  process(bytes: Uint8Array, emit: Emit): void | Promise<void> {
    let rest = bytes;
    let compressing: Promise<void> | undefined;
    while (rest.byteLength > BLOCK_BYTES - this.#used) {
      const room = BLOCK_BYTES - this.#used;
      this.#block.set(rest.subarray(0, room), this.#used);
      this.#used = BLOCK_BYTES;
      rest = rest.subarray(room);
      compressing = this.#compress(emit);
    }
    this.#block.set(rest, this.#used);
    this.#used += rest.byteLength;
    return compressing;
  }

  /**
   * Ends the stream: what is written is now a valid gzip file, also without any payload. Another may follow.
   *
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED`
   */
  async finish(emit: Emit): Promise<void> {
    await this.#compress(emit);
    const stream = this.#stream!;
    await this.#run((done) => {
      stream.once("end", done);
      stream.end();
    });
    stream.destroy();
    this.#stream = undefined;
    this.#hand(emit);
  }

  /** Compresses the block after all blocks before it. */
  #compress(emit: Emit): Promise<void> {
    const full = this.#block.subarray(0, this.#used);
    this.#block = new Uint8Array(BLOCK_BYTES);
    this.#used = 0;
    const compressing = this.#last.then(async () => {
      const stream = this.#stream ??= this.#open();
      if (full.byteLength > 0) {
        await this.#run((done) => stream.write(full, done));
      }
      this.#hand(emit);
    });
    // Whoever asked gets the rejection; the chain only keeps the order.
    this.#last = compressing.catch(ignore);
    return compressing;
  }

  #open(): Gzip {
    const stream = createGzip({ level: this.#level });
    stream.on("data", (bytes: Uint8Array) => this.#output.push(bytes));
    stream.on("error", (error: unknown) => {
      this.#failure ??= error;
      this.#wake();
    });
    return stream;
  }

  async #run(start: (done: () => void) => void): Promise<void> {
    if (this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        start(() => resolve());
      });
    }
    if (this.#failure === undefined) return;
    throw new CaissonError("CAISSON_POSTPROCESSOR_FAILED", {
      subject: "postprocessor gzip",
      found: messageOf(this.#failure),
      cause: this.#failure,
    });
  }

  #hand(emit: Emit): void {
    for (const bytes of this.#output.splice(0)) emit(bytes);
  }
}

function ignore(): void {}
