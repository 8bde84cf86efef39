/** The sink `stdio`: writes to the host's standard output or error. @module */
import type { ByteSinkPart, PartContext } from "../contract.ts";
import { Gatherer } from "./gather.ts";

/** Where bytes go. */
export interface ByteWriter {
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes bytes as they come; a slow reader on the other side makes the flow wait, never the host. */
export class StdioSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  /** A stream of bytes. */
  readonly joinsChunks = true;
  readonly #output: ByteWriter;
  readonly #gatherer = new Gatherer();
  #bytes = 0;

  /** @param output where to write */
  constructor(
    { config }: PartContext,
    output: ByteWriter = config["stream"] === "stderr" ? Deno.stderr : Deno.stdout,
  ) {
    this.#output = output;
  }

  /** Writes all chunks. */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const piece of this.#gatherer.gather(chunks)) {
      for (let at = 0; at < piece.byteLength;) {
        const written = await this.#output.write(piece.subarray(at));
        at += written;
        this.#bytes += written;
      }
    }
  }

  /** Bytes so far. */
  metrics(): { bytes: number } {
    return { bytes: this.#bytes };
  }

  /** Leaves the stream open: it belongs to the host. */
  close(): void {}
}
