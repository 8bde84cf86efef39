/** The bytes of events one after the other, encoded many at a time. @module */
import type { Codec } from "../codec/codec.ts";
import type { Event } from "./delivery.ts";

/** Most events encoded together: texts that nobody asks for are few. */
const GROUP_EVENTS = 64;
/** Characters from which on no further event is encoded with the others. */
const GROUP_CHARACTERS = 1 << 14;

const encoder = new TextEncoder();

/**
 * Encodes the values of events that stand together with one call of the text encoder, where the codec writes text; a
 * call for each costs more than most texts do. Only ASCII can be cut by characters; other events are encoded alone.
 */
export class EventEncoder {
  readonly #events: readonly Event[];
  readonly #codec: Codec;
  #lengths: Uint32Array | undefined = undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #from = 0;
  #to = 0;
  #next = -1;

  /** Encodes events that operators made or changed with `codec`. */
  constructor(events: readonly Event[], codec: Codec) {
    this.#events = events;
    this.#codec = codec;
  }

  /**
   * The bytes of an event; cheapest in order. They are in memory that nobody writes again, unless they lie in a batch.
   *
   * @throws {CaissonError} what the codec throws for this event
   */
  bytes(index: number): Uint8Array {
    const codec = this.#codec;
    const event = this.#events[index]!;
    if (codec.encodeText === undefined || event.hasBytes(codec)) return event.bytes(codec);
    if (index !== this.#next && !this.#encodeFrom(index)) return codec.encode(event.value);
    const start = this.#at;
    this.#at = start + this.#lengths![index - this.#from]!;
    this.#next = index + 1 < this.#to ? index + 1 : -1;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Encodes an event and those that follow it; `false` when it has to be encoded by itself. */
  #encodeFrom(first: number): boolean {
    const events = this.#events;
    const codec = this.#codec;
    const most = Math.min(events.length, first + GROUP_EVENTS);
    if (most - first < 2) return false;
    const lengths = this.#lengths ??= new Uint32Array(GROUP_EVENTS);
    let text = "";
    let next = first;
    for (; next < most && text.length < GROUP_CHARACTERS; next++) {
      const event = events[next]!;
      if (event.hasBytes(codec)) break;
      try {
        const one = codec.encodeText!(event.value);
        text += one;
        lengths[next - first] = one.length;
      } catch {
        // It is thrown again for who asks for this event.
        break;
      }
    }
    if (next - first < 2) return false;
    const bytes = encoder.encode(text);
    if (bytes.byteLength !== text.length) return false;
    this.#bytes = bytes;
    this.#at = 0;
    this.#from = first;
    this.#to = next;
    this.#next = first;
    return true;
  }
}
