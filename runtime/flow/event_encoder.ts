/** The bytes of events one after the other, encoded many at a time. @module */
import type { Codec } from "../codec/codec.ts";
import { asciiBytes } from "../codec/ascii_bytes.ts";
import { encodeUtf8 } from "../codec/utf8.ts";
import type { Event } from "./delivery.ts";

/** Most events encoded together: texts that nobody asks for are few. */
const GROUP_EVENTS = 64;
/** Events in the first group, before it is known how long their texts are. */
const FIRST_EVENTS = 16;
/** Characters that a group should have at most, as far as the one before it tells. */
const GROUP_CHARACTERS = 1 << 15;
/** Groups that could not be encoded together after which no further one is tried. */
const TRIES = 2;

const NO_EVENTS: readonly Event[] = [];
const NO_VALUES: unknown[] = [];

/** Where each text of a group begins and ends. */
export interface TextSpans {
  /** First characters. */
  readonly starts: Uint32Array;
  /** Characters behind the last ones. */
  readonly ends: Uint32Array;
}

/** Room for the texts of a group. Its memory lies beside V8's own: who encodes a delivery after the other keeps it. */
function textSpans(): TextSpans {
  return { starts: new Uint32Array(GROUP_EVENTS), ends: new Uint32Array(GROUP_EVENTS) };
}

/** Events whose texts are one; valid until the next are asked for. */
export interface TextGroup {
  /** Theirs, and what stands before, between and behind them. */
  readonly text: string;
  /** Where each of them is. */
  readonly spans: TextSpans;
  /** How many they are. */
  readonly count: number;
  /** Index of the event behind them. */
  readonly next: number;
}

/**
 * Encodes the values of events that stand together with one call of the codec and one of the text encoder, where the
 * codec writes text; a call for each costs more than most texts do.
 */
export class EventEncoder implements TextGroup {
  /** As {@linkcode TextGroup}. */
  text = "";
  /** As {@linkcode TextGroup}. */
  next = 0;
  #events: readonly Event[] = NO_EVENTS;
  #codec: Codec;
  #spans: TextSpans | undefined = undefined;
  /** Bytes of the text if each of its characters is one. */
  #bytes: Uint8Array | undefined = undefined;
  #from = 0;
  /** No event before this one is encoded with others. */
  #alone = 0;
  #most = FIRST_EVENTS;
  #tries = TRIES;

  /**
   * Encodes events that operators made or changed with `codec`.
   */
  constructor(events: readonly Event[], codec: Codec) {
    this.#codec = codec;
    this.begin(events, codec);
  }

  /** Starts anew with other events. */
  begin(events: readonly Event[], codec: Codec): void {
    this.#events = events;
    this.#codec = codec;
    this.text = "";
    this.#bytes = undefined;
    this.#from = this.next = this.#alone = 0;
    this.#most = FIRST_EVENTS;
    this.#tries = codec.encodeTexts === undefined ? 0 : TRIES;
  }

  /** Lets go of the events. */
  end(): void {
    this.#events = NO_EVENTS;
    this.text = "";
    this.#bytes = undefined;
    this.#from = this.next = 0;
  }

  /** As {@linkcode TextGroup}. */
  get spans(): TextSpans {
    return this.#spans ??= textSpans();
  }

  /** As {@linkcode TextGroup}. */
  get count(): number {
    return this.next - this.#from;
  }

  /**
   * The bytes of an event; cheapest in order. They are in memory that nobody writes again, unless they lie in a batch.
   *
   * @throws {CaissonError} what the codec throws for this event
   */
  bytes(index: number): Uint8Array {
    if (index < this.#from || index >= this.next) {
      const codec = this.#codec;
      const event = this.#events[index]!;
      if (event.hasBytes(codec)) return event.bytes(codec);
      if (this.#tries === 0 || index < this.#alone || !this.#encodeFrom(index, 2)) {
        return codec.encode(event.value);
      }
      this.#bytes = asciiBytes(this.text);
    }
    const at = index - this.#from;
    const start = this.#spans!.starts[at]!;
    const end = this.#spans!.ends[at]!;
    const bytes = this.#bytes;
    if (bytes === undefined) return encodeUtf8(this.text.slice(start, end));
    // `subarray` asks for the species first, which takes as long again.
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  }

  /**
   * One text that holds those of an event and of the events that follow it up to {@linkcode TextGroup.next};
   * `undefined` when the event has to be taken by itself.
   */
  together(index: number): TextGroup | undefined {
    if (this.#tries === 0 || index < this.#alone || !this.#encodeFrom(index, 1)) return undefined;
    return this;
  }

  /** Encodes an event and those that follow it, as text; `false` when there are less than `least`, or one stands alone. */
  #encodeFrom(first: number, least: number): boolean {
    const events = this.#events;
    const codec = this.#codec;
    const most = Math.min(events.length, first + this.#most);
    // A list that begins empty is given room for 17.
    let values: unknown[] = NO_VALUES;
    try {
      for (let index = first; index < most; index++) {
        const event = events[index]!;
        if (event.hasBytes(codec)) break;
        if (values === NO_VALUES) values = [event.value];
        else values.push(event.value);
      }
    } catch {
      // What does not decode is thrown again for who asks for this event.
    }
    const count = values.length;
    if (count < least) return false;
    const { starts, ends } = this.spans;
    const text = codec.encodeTexts!(values, starts, ends);
    if (text === undefined) {
      this.next = this.#from;
      this.#alone = first + count;
      this.#tries--;
      return false;
    }
    this.text = text;
    this.#bytes = undefined;
    this.#from = first;
    this.next = first + count;
    this.#most = Math.min(GROUP_EVENTS, Math.max(2, Math.floor(GROUP_CHARACTERS * count / text.length)));
    return true;
  }
}
