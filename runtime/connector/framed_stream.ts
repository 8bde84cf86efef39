/** One stream of a sink of bytes: frames events, writes what comes out, and settles what was written. @module */
import type { Postprocessor } from "../codec/codec.ts";
import type { NodeMetrics } from "./connector_metrics.ts";
import type { ByteSinkPart } from "./contract.ts";
import { Framer } from "./framer.ts";

/** What a {@linkcode FramedStream} needs. */
export interface FramedStreamOptions {
  /** The sink. */
  readonly part: ByteSinkPart;
  /** Number of the stream. */
  readonly stream: number;
  /** Its postprocessors, in order. */
  readonly chain: readonly Postprocessor[];
  /** Told about events that are settled later than their delivery. */
  readonly metrics: NodeMetrics;
}

/** Writes of one stream; they may not overlap. */
export class FramedStream {
  /** Frames its events. */
  readonly framer: Framer;
  readonly #options: FramedStreamOptions;

  /** Holds nothing yet. */
  constructor(options: FramedStreamOptions) {
    this.#options = options;
    this.framer = new Framer(options.chain);
  }

  /** Its number. */
  get number(): number {
    return this.#options.stream;
  }

  /** Whether events may outlive their delivery. */
  get holds(): boolean {
    return this.framer.flushMs !== undefined;
  }

  /**
   * Writes what a delivery became, when all of it is framed.
   *
   * @param events how many of its events were framed
   * @returns how many of them are held for later
   */
  async post(chunks: Uint8Array[], pending: readonly Promise<void>[], events: number): Promise<number> {
    const { metrics } = this.#options;
    try {
      await Promise.all(pending);
      if (chunks.length > 0) await this.#write(chunks, events);
    } catch (thrown) {
      await this.fail(thrown);
      throw thrown;
    }
    const { earlier, held } = this.framer.wrote();
    metrics.out += earlier;
    return held;
  }

  /** Writes what is held; the stream goes on. What it rejects with failed all that was held. */
  async flush(): Promise<void> {
    if (this.framer.carried === 0) return;
    await this.#empty(() => this.framer.flush());
  }

  /** Writes what is held at the end of the stream. What it rejects with failed all that was held. */
  finish(): Promise<void> {
    return this.#empty(() => this.framer.finish());
  }

  async #empty(take: () => Promise<Uint8Array[]>): Promise<void> {
    const chunks: Uint8Array[] = [];
    const taking = take().then((taken) => {
      for (const chunk of taken) chunks.push(chunk);
    });
    await this.post(chunks, [taking], 0);
  }

  /** Fails what is held, and throws its bytes away. */
  async fail(reason: unknown): Promise<void> {
    const failed = await this.framer.fail(reason);
    // Not in one line with the wait: what others count meanwhile would be lost.
    this.#options.metrics.failed += failed;
  }

  async #write(chunks: Uint8Array[], events: number): Promise<void> {
    await this.#options.part.write(chunks, events, this.#options.stream);
  }
}
