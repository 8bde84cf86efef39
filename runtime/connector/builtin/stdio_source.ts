/** The source `stdio`: reads the host's standard input. @module */
import type { Batch } from "../../data/batch.ts";
import type { PartContext, PollResult, SourcePart } from "../contract.ts";

const BUFFER_BYTES = 1 << 16;

/** Where bytes come from. */
export interface ByteReader {
  /** Reads at most as many bytes as fit and says how many; `null` at the end. */
  read(bytes: Uint8Array): Promise<number | null>;
}

/**
 * Reads into a buffer of its own and copies from there: a read of standard input cannot be cancelled, and one that
 * ends late must not write into a batch that somebody else fills by then.
 */
export class StdioSource implements SourcePart {
  /** Pieces of a stream. */
  readonly produces = "chunks";
  readonly #input: ByteReader;
  readonly #signal: AbortSignal;
  readonly #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #state: "open" | "reading" | "ended" = "open";
  #failure: unknown;
  #wake: (() => void) | undefined;
  #bytes = 0;

  /** @param input where to read */
  constructor(
    { signal }: PartContext,
    input: ByteReader = Deno.stdin,
  ) {
    this.#input = input;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  /** Hands over what has come, or waits until something comes or the source is stopped. */
  poll(batch: Batch): PollResult | Promise<PollResult> {
    if (this.#start < this.#end || this.#state === "ended") {
      return this.#hand(batch);
    }
    return this.#wait().then(() => this.#hand(batch));
  }

  #wait(): Promise<void> {
    if (this.#state === "open") this.#read();
    return new Promise((resolve) => {
      if (this.#signal.aborted) resolve();
      else this.#wake = resolve;
    });
  }

  #read(): void {
    this.#state = "reading";
    this.#input.read(this.#buffer).then((length) => {
      this.#start = 0;
      this.#end = length ?? 0;
      this.#state = length === null ? "ended" : "open";
    }, (error: unknown) => {
      this.#failure = error;
      this.#state = "ended";
    }).finally(() => this.#wake?.());
  }

  #hand(batch: Batch): PollResult {
    this.#wake = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    const length = Math.min(
      this.#end - this.#start,
      batch.arena.byteLength,
    );
    if (length > 0) {
      batch.appendBytes(
        this.#buffer.subarray(this.#start, this.#start + length),
        performance.timeOrigin + performance.now(),
      );
      this.#start += length;
      this.#bytes += length;
    }
    return {
      state: this.#state === "ended" && this.#start === this.#end ? "ended" : "filled",
    };
  }

  /** Bytes so far. */
  metrics(): { bytes: number } {
    return { bytes: this.#bytes };
  }

  /** Leaves standard input open: it belongs to the host. */
  close(): void {}
}
