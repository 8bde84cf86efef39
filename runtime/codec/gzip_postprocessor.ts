/** The postprocessor `gzip`: compresses everything a sink writes into one stream. @module */
import { constants, createGzip, type Gzip } from "node:zlib";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Postprocessor } from "./codec.ts";

const BLOCK_BYTES = 1 << 16;
/** Bytes after which everything is emitted that can be: what the compressor keeps to itself is not written. */
const FLUSH_BYTES = 1 << 20;

type Emit = (bytes: Uint8Array) => void;

/**
 * Compresses in blocks of 64 KiB; payloads are copied into the block, because their memory is used again.
 *
 * One gzip member a stream, complete only after {@linkcode GzipPostprocessor.finish}. After every MiB, and when it is told
 * to, all bytes it has are emitted: what was written by then can be read, though the stream has no end yet.
 */
export class GzipPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "gzip";
  /** Longest time a payload is held, milliseconds. */
  readonly flushMs: number;
  readonly #level: number;
  #stream: Gzip | undefined;
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK_BYTES);
  #used = 0;
  #output: Uint8Array[] = [];
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;
  #wake: () => void = ignore;
  /** Payloads taken wholly, and those of them that were emitted wholly. */
  #taken = 0;
  #emitted = 0;
  #unflushed = 0;

  /**
   * @param level 0, no compression, to 9, smallest
   * @param flushMs longest time a payload is held, milliseconds
   */
  constructor(level: number, flushMs = 1000) {
    this.#level = level;
    this.flushMs = flushMs;
  }

  /** Payloads of which the compressor or the block holds something. */
  get held(): number {
    return this.#taken - this.#emitted;
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
    this.#taken++;
    return compressing;
  }

  /** Emits all there is; a reader can decompress it, and the stream goes on. @throws as {@linkcode GzipPostprocessor.process} */
  async flush(emit: Emit): Promise<void> {
    if (this.held > 0) await this.#compress(emit, true);
  }

  /**
   * Ends the stream: what is written is now a valid gzip file, also without any payload. Another may follow.
   *
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED`
   */
  async finish(emit: Emit): Promise<void> {
    const taken = this.#taken;
    await this.#compress(emit);
    const stream = this.#stream!;
    await this.#run((done) => {
      stream.once("end", done);
      stream.end();
    });
    stream.destroy();
    this.#stream = undefined;
    this.#emitted = taken;
    this.#hand(emit);
  }

  /** Compresses the block after all blocks before it. */
  #compress(emit: Emit, flushes = false): Promise<void> {
    const taken = this.#taken;
    this.#unflushed += this.#used;
    const isFlushed = flushes || this.#unflushed >= FLUSH_BYTES;
    if (isFlushed) this.#unflushed = 0;
    const full = this.#block.subarray(0, this.#used);
    this.#block = new Uint8Array(BLOCK_BYTES);
    this.#used = 0;
    const compressing = this.#last.then(async () => {
      const stream = this.#stream ??= this.#open();
      if (full.byteLength > 0) {
        await this.#run((done) => stream.write(full, done));
      }
      if (isFlushed) {
        await this.#run((done) => stream.flush(constants.Z_SYNC_FLUSH, done));
        this.#emitted = taken;
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
