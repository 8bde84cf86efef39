/** Writes events to the streams they came from, each framed by postprocessors of its own. @module */
import type { Codec, Postprocessor } from "../codec/codec.ts";
import type { Event } from "../flow/delivery.ts";
import { EventEncoder } from "../flow/event_encoder.ts";
import type { ByteSinkPart } from "./contract.ts";
import { finishFrames, framePayload } from "./framing.ts";

/** What a {@linkcode StreamWriter} needs. */
export interface StreamWriterOptions {
  /** The sink; it has `watchStreams`. */
  readonly part: ByteSinkPart;
  /** Makes the postprocessors of a stream. */
  readonly newChain: () => readonly Postprocessor[];
  /** Told about the bytes of each event. */
  readonly onBytes: (bytes: number) => void;
}

/** Events of one stream and the chunks they became. */
interface Letter {
  readonly stream: number;
  readonly chunks: Uint8Array[];
  readonly events: Event[];
  pending: Promise<void>[];
}

/** Keeps the postprocessors of every stream of one sink. */
export class StreamWriter {
  readonly #options: StreamWriterOptions;
  readonly #chains = new Map<number, readonly Postprocessor[]>();

  /** Listens to the sink from now on. */
  constructor(options: StreamWriterOptions) {
    this.#options = options;
    options.part.watchStreams!({
      ended: (stream) => this.#finish(stream),
      lost: (stream) => {
        this.#chains.delete(stream);
      },
    });
  }

  /** Writes events in order within each stream; streams do not wait for each other. */
  write(
    events: readonly Event[],
    codec: Codec,
    onFailed: (event: Event, thrown: unknown) => void,
  ): void | Promise<void> {
    const letters = new Map<number, Letter>();
    const encoder = new EventEncoder(events, codec);
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      const { stream } = event;
      let letter = letters.get(stream);
      if (letter === undefined) letters.set(stream, letter = { stream, chunks: [], events: [], pending: [] });
      try {
        const bytes = encoder.bytes(index);
        this.#options.onBytes(bytes.byteLength);
        const running = framePayload(this.#chainOf(stream), bytes, letter.chunks, event.timestamp);
        if (running !== undefined) letter.pending.push(running);
        letter.events.push(event);
      } catch (thrown) {
        onFailed(event, thrown);
      }
    }
    let open: Promise<void>[] | undefined;
    for (const letter of letters.values()) {
      const sending = this.#send(letter, onFailed);
      if (sending !== undefined) (open ??= []).push(sending);
    }
    if (open !== undefined) return open.length === 1 ? open[0] : Promise.all(open).then(() => {});
  }

  #send(letter: Letter, onFailed: (event: Event, thrown: unknown) => void): void | Promise<void> {
    const { part } = this.#options;
    const fail = (thrown: unknown): void => {
      for (const event of letter.events) onFailed(event, thrown);
    };
    const post = (): void | Promise<void> =>
      letter.chunks.length === 0 ? undefined : part.write(letter.chunks, letter.events.length, letter.stream);
    try {
      const running = letter.pending.length === 0 ? post() : Promise.all(letter.pending).then(post);
      return running === undefined ? undefined : running.catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  }

  #chainOf(stream: number): readonly Postprocessor[] {
    let chain = this.#chains.get(stream);
    if (chain === undefined) this.#chains.set(stream, chain = this.#options.newChain());
    return chain;
  }

  async #finish(stream: number): Promise<void> {
    const chain = this.#chains.get(stream);
    if (chain === undefined) return;
    const chunks = await finishFrames(chain);
    this.#chains.delete(stream);
    if (chunks.length > 0) await this.#options.part.write(chunks, 0, stream);
  }

  /** Lets the postprocessors of every stream hand on what they hold; the first failure is thrown when all have. */
  async finish(): Promise<void> {
    const results = await Promise.allSettled([...this.#chains.keys()].map((stream) => this.#finish(stream)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
