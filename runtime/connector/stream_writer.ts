/** Writes events to the streams they came from, each framed by postprocessors of its own. @module */
import type { Codec, Postprocessor } from "../codec/codec.ts";
import type { Event } from "../flow/delivery.ts";
import { EventEncoder } from "../flow/event_encoder.ts";
import type { ByteSinkPart } from "./contract.ts";
import type { NodeMetrics } from "./connector_metrics.ts";
import { FramedStream } from "./framed_stream.ts";

/** What a {@linkcode StreamWriter} needs. */
export interface StreamWriterOptions {
  /** The sink; it has `watchStreams`. */
  readonly part: ByteSinkPart;
  /** Makes the postprocessors of a stream. */
  readonly newChain: () => readonly Postprocessor[];
  /** Told about bytes, and about events that are settled later than their delivery. */
  readonly metrics: NodeMetrics;
  /** What fails when a stream is lost. */
  readonly lost: (stream: number) => unknown;
}

/** Events of one stream and the chunks they became. */
interface Letter {
  readonly stream: FramedStream;
  readonly chunks: Uint8Array[];
  readonly events: Event[];
  pending: Promise<void>[];
}

/** What became of events that did not fail. */
export interface StreamsWritten {
  /** How many of them are held for later. */
  held: number;
}

/** Keeps the postprocessors of every stream of one sink. */
export class StreamWriter {
  readonly #options: StreamWriterOptions;
  readonly #streams = new Map<number, FramedStream>();

  /** Listens to the sink from now on. */
  constructor(options: StreamWriterOptions) {
    this.#options = options;
    options.part.watchStreams!({
      ended: (stream) => this.#finish(stream),
      lost: (stream) => {
        const known = this.#streams.get(stream);
        this.#streams.delete(stream);
        if (known?.holds === true) void known.fail(options.lost(stream));
      },
    });
  }

  /** Writes events in order within each stream; streams do not wait for each other. */
  write(
    events: readonly Event[],
    codec: Codec,
    onFailed: (event: Event, thrown: unknown) => void,
    written: StreamsWritten,
  ): void | Promise<void> {
    const letters = new Map<number, Letter>();
    const encoder = new EventEncoder(events, codec);
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      const { stream } = event;
      let letter = letters.get(stream);
      if (letter === undefined) {
        letter = { stream: this.#streamOf(stream), chunks: [], events: [], pending: [] };
        letters.set(stream, letter);
        letter.stream.framer.begin();
      }
      try {
        const bytes = encoder.bytes(index);
        this.#options.metrics.bytes += bytes.byteLength;
        const running = letter.stream.framer.frame(event, bytes, letter.chunks);
        if (running !== undefined) letter.pending.push(running);
        letter.events.push(event);
      } catch (thrown) {
        onFailed(event, thrown);
      }
    }
    let open: Promise<void>[] | undefined;
    for (const letter of letters.values()) {
      const sending = this.#send(letter, onFailed, written);
      if (sending !== undefined) (open ??= []).push(sending);
    }
    if (open !== undefined) return open.length === 1 ? open[0] : Promise.all(open).then(() => {});
  }

  #send(
    { stream, chunks, events, pending }: Letter,
    onFailed: (event: Event, thrown: unknown) => void,
    written: StreamsWritten,
  ): void | Promise<void> {
    const fail = (thrown: unknown): void => {
      for (const event of events) onFailed(event, thrown);
    };
    if (!stream.holds && pending.length === 0) {
      if (chunks.length === 0) return;
      try {
        return this.#options.part.write(chunks, events.length, stream.number)?.catch(fail);
      } catch (thrown) {
        return fail(thrown);
      }
    }
    return stream.post(chunks, pending, events.length).then((held) => void (written.held += held), fail);
  }

  #streamOf(number: number): FramedStream {
    let stream = this.#streams.get(number);
    if (stream === undefined) {
      const { part, metrics, newChain } = this.#options;
      this.#streams.set(number, stream = new FramedStream({ part, stream: number, chain: newChain(), metrics }));
    }
    return stream;
  }

  async #finish(number: number): Promise<void> {
    const stream = this.#streams.get(number);
    this.#streams.delete(number);
    await stream?.finish();
  }

  /** After how long what streams hold has to be flushed, milliseconds; `undefined` when nothing is held. */
  get flushMs(): number | undefined {
    for (const { framer } of this.#streams.values()) if (framer.carried > 0) return framer.flushMs;
    return undefined;
  }

  /** Writes what every stream holds; failures are told by stream. */
  async flush(onFailed: (thrown: unknown) => void): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.flush().catch(onFailed)));
  }

  /** Fails what every stream holds. */
  async fail(reason: unknown): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.fail(reason)));
  }

  /** Lets the postprocessors of every stream hand on what they hold; the first failure is thrown when all have. */
  async finish(): Promise<void> {
    const results = await Promise.allSettled([...this.#streams.keys()].map((stream) => this.#finish(stream)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
