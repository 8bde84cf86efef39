/** The postprocessors of one stream and the events whose bytes they still hold. @module */
import type { Postprocessor } from "../codec/codec.ts";
import type { Event } from "../flow/delivery.ts";
import type { Settlement } from "../flow/settlement.ts";
import { finishFrames, flushFrames, framePayload } from "./framing.ts";

/** An event whose bytes are not all written; its batch may be used again by now. */
interface Carried {
  readonly settlement: Settlement | undefined;
  readonly origin: number;
}

/** What became of events when bytes were written. */
export interface Carriage {
  /** Events of earlier deliveries that are settled now. */
  readonly earlier: number;
  /** Events of this delivery that wait for more bytes. */
  readonly held: number;
}

const NONE: Carriage = { earlier: 0, held: 0 };

/**
 * Frames payloads. An event that a postprocessor keeps, wholly or in part, has no verdict before the bytes that carry it
 * are written: its settlement is held open, as a window does it, while its batch goes back.
 */
export class Framer {
  /** Longest time an event is held, milliseconds; `undefined` when nothing is ever held. */
  readonly flushMs: number | undefined;
  readonly #chain: readonly Postprocessor[];
  readonly #holding: readonly Postprocessor[];
  #carried: Carried[] = [];
  /** How many of them are of the delivery that is being framed: the last ones. */
  #fresh = 0;

  /** Takes the postprocessors of one stream, in order. */
  constructor(chain: readonly Postprocessor[]) {
    this.#chain = chain;
    this.#holding = chain.filter(({ held }) => held !== undefined);
    this.flushMs = this.#holding.length === 0
      ? undefined
      : Math.min(...this.#holding.map(({ flushMs }) => flushMs ?? 1000));
  }

  /** Events that wait for bytes to be written. */
  get carried(): number {
    return this.#carried.length;
  }

  /** A delivery begins. */
  begin(): void {
    this.#fresh = 0;
  }

  /** Frames the bytes of one event. What it throws failed this event alone. */
  frame(event: Event, bytes: Uint8Array, chunks: Uint8Array[]): void | Promise<void> {
    const running = framePayload(this.#chain, bytes, chunks, event.timestamp);
    if (this.flushMs !== undefined) {
      const { settlement, origin } = event;
      settlement?.hold();
      this.#carried.push({ settlement, origin });
      this.#fresh++;
    }
    return running;
  }

  /** All bytes that came out are written: events of which nothing is held any longer get their verdicts. */
  wrote(): Carriage {
    if (this.#carried.length === 0) return NONE;
    const held = this.#held();
    const done = this.#carried.splice(0, this.#carried.length - held);
    for (const { settlement } of done) settlement?.letGo();
    const freshHeld = Math.min(held, this.#fresh);
    const earlier = done.length - (this.#fresh - freshHeld);
    this.#fresh = 0;
    return { earlier, held: freshHeld };
  }

  /** How many of the carried events, the last ones, are not wholly written. */
  #held(): number {
    const [first, ...later] = this.#holding;
    // What a second one holds are pieces of the first: whose they are is not known until it is empty.
    if (later.some(({ held }) => held! > 0)) return this.#carried.length;
    return Math.min(first!.held!, this.#carried.length);
  }

  /**
   * Bytes could not be written: every event they may have carried fails, and what is held of them is thrown away, so that
   * it does not arrive besides when they are sent again.
   *
   * @returns how many of them are of earlier deliveries
   */
  async fail(reason: unknown): Promise<number> {
    if (this.#chain.length === 0) return 0;
    const carried = this.#carried;
    const earlier = carried.length - this.#fresh;
    this.#carried = [];
    this.#fresh = 0;
    try {
      await finishFrames(this.#chain);
    } catch {
      // A postprocessor that cannot end its stream has failed for that reason already, and says so again when used.
    }
    for (const { settlement, origin } of carried) {
      settlement?.fail(origin, reason);
      settlement?.letGo();
    }
    return earlier;
  }

  /** What is held, though the stream goes on. */
  flush(): Promise<Uint8Array[]> {
    this.#fresh = 0;
    return flushFrames(this.#chain);
  }

  /** What is held at the end of the stream. */
  finish(): Promise<Uint8Array[]> {
    this.#fresh = 0;
    return finishFrames(this.#chain);
  }
}
