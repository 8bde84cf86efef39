/** Frames of deliveries whose postprocessor only ends each payload with a byte, in as few pieces as there can be. @module */
import type { Codec } from "../codec/codec.ts";
import { json } from "../codec/json.ts";
import type { Batch } from "../data/batch.ts";
import { type Delivery, type Event, eventsOf } from "../flow/delivery.ts";
import { EventEncoder, type TextGroup } from "../flow/event_encoder.ts";

/** What a delivery became; valid until the next one is framed. */
export interface JoinedFrames {
  /** In order; valid until the delivery is settled, too. */
  readonly chunks: Uint8Array[];
  /** Events in them. */
  readonly events: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
}

/** Memory that is encoded into again and again: memory made for every write would be most of what is collected. */
const MEMORY_BYTES = 1 << 17;
const encoder = new TextEncoder();
const NO_CHUNKS: Uint8Array[] = [];
const NO_EVENTS: readonly Event[] = [];

/** Frames one delivery after the other. What it makes of one has to be written before it is given the next. */
export class FrameJoiner implements JoinedFrames {
  /** As {@linkcode JoinedFrames}. */
  chunks: Uint8Array[] = [];
  /** As {@linkcode JoinedFrames}. */
  events = 0;
  /** As {@linkcode JoinedFrames}. */
  bytes = 0;
  readonly #ending: number;
  /** The ending as text; `undefined` where UTF-8 takes more than that byte for it. */
  readonly #endingText: string | undefined;
  /** Kept, as is the memory beside it: made for every write, they would be collected as often. */
  readonly #values = new EventEncoder(NO_EVENTS, json);
  #memory: Uint8Array | undefined = undefined;
  #used = 0;
  /** The last texts had more than ASCII in them: the next ones probably have, too. */
  #isWide = false;
  /** The run of neighbours at hand: the memory they lie in, and where. */
  #source: Uint8Array | undefined = undefined;
  #batch: Batch | undefined = undefined;
  #segment = 0;
  #start = 0;
  #end = 0;

  /** @param ending the byte each payload ends with, 0 to 255 */
  constructor(ending: number) {
    this.#ending = ending;
    this.#endingText = ending < 0x80 ? String.fromCharCode(ending) : undefined;
  }

  /**
   * Frames a delivery. Neighbours in the memory they were read into, each followed by the ending already, become one view
   * of that memory; values are encoded many at a time, endings included.
   *
   * @param onFailed told about an event that cannot be encoded; the others are framed
   */
  join(delivery: Delivery, codec: Codec, onFailed: (event: Event, thrown: unknown) => void): JoinedFrames {
    this.chunks = NO_CHUNKS;
    this.#used = this.events = this.bytes = 0;
    const { batch, events } = delivery;
    if (events === undefined && codec.name === delivery.codec.name) {
      for (let index = 0; index < batch!.count; index++) this.#addRecord(batch!, index);
    } else this.#addEvents(eventsOf(delivery), codec, onFailed);
    this.#endRun();
    this.#source = this.#batch = undefined;
    return this;
  }

  #addEvents(events: readonly Event[], codec: Codec, onFailed: (event: Event, thrown: unknown) => void): void {
    const values = this.#values;
    values.begin(events, codec);
    const isText = this.#endingText !== undefined;
    for (let index = 0; index < events.length;) {
      const event = events[index]!;
      if (event.hasBytes(codec)) {
        this.#addRecord(event.batch!, event.index);
        index++;
        continue;
      }
      const group = isText ? values.together(index) : undefined;
      if (group !== undefined) {
        this.#addGroup(group);
        index = group.next;
        continue;
      }
      try {
        this.#addPayload(values.bytes(index));
      } catch (thrown) {
        onFailed(event, thrown);
      }
      index++;
    }
    values.end();
  }

  #addRecord(batch: Batch, index: number): void {
    const segment = batch.payloadSegment(index);
    if (this.#source === undefined || batch !== this.#batch || segment !== this.#segment) {
      this.#endRun();
      this.#source = batch.segmentView(segment);
      this.#batch = batch;
      this.#segment = segment;
      this.#start = this.#end = 0;
    }
    const offset = batch.payloadOffset(index);
    const end = offset + batch.payloadLength(index);
    if (this.#source[end] !== this.#ending) return this.#addPayload(this.#source.subarray(offset, end));
    if (offset !== this.#end) {
      this.#endRun();
      this.#start = offset;
    }
    this.#end = end + 1;
    this.#count(1, end - offset);
  }

  #addGroup({ text, spans: { starts, ends }, count }: TextGroup): void {
    this.#endRun();
    if (this.#isWide || text.length > MEMORY_BYTES) return this.#addTexts(text, starts, ends, count);
    // What lies in the old memory is written from there; to find out halfway that a text does not fit would be work done twice.
    if (text.length > MEMORY_BYTES - this.#used) this.#memory = undefined;
    if (this.#memory === undefined) this.#used = 0;
    const memory = this.#memory ??= new Uint8Array(MEMORY_BYTES);
    const from = this.#used;
    const { read, written } = encoder.encodeInto(text, from === 0 ? memory : memory.subarray(from));
    if (read < text.length || written > read) return this.#addTexts(text, starts, ends, count);
    // Characters are bytes: what stands between the texts makes way for their endings.
    let to = from;
    for (let index = 0; index < count; index++) {
      const start = from + starts[index]!;
      const end = from + ends[index]!;
      if (start !== to) memory.copyWithin(to, start, end);
      to += end - start;
      memory[to++] = this.#ending;
    }
    this.#took(to - from);
    this.#count(count, to - from - count);
  }

  #addTexts(text: string, starts: Uint32Array, ends: Uint32Array, count: number): void {
    const pieces: string[] = [];
    for (let index = 0; index < count; index++) pieces.push(text.slice(starts[index], ends[index]));
    // For the ending of the last one.
    pieces.push("");
    const framed = pieces.join(this.#endingText);
    const bytes = encoder.encode(framed);
    this.#isWide = bytes.byteLength > framed.length;
    this.#add(bytes);
    this.#count(count, bytes.byteLength - count);
  }

  #addPayload(bytes: Uint8Array): void {
    this.#endRun();
    const framed = bytes.byteLength + 1;
    let memory = this.#memory ??= new Uint8Array(MEMORY_BYTES);
    let at = this.#used;
    if (framed > memory.byteLength - at) {
      memory = new Uint8Array(framed);
      at = 0;
      this.#add(memory);
    } else this.#took(framed);
    memory.set(bytes, at);
    memory[at + framed - 1] = this.#ending;
    this.#count(1, bytes.byteLength);
  }

  /** Bytes of the memory at hand are a chunk, or the end of the last one. */
  #took(bytes: number): void {
    const memory = this.#memory!;
    const last = this.chunks.at(-1);
    const start = this.#used;
    this.#used += bytes;
    if (last?.buffer !== memory.buffer) this.#add(memory.subarray(start, this.#used));
    else this.chunks[this.chunks.length - 1] = memory.subarray(last.byteOffset, this.#used);
  }

  /** A list that begins empty is given room for 17. */
  #add(chunk: Uint8Array): void {
    if (this.chunks === NO_CHUNKS) this.chunks = [chunk];
    else this.chunks.push(chunk);
  }

  #count(events: number, bytes: number): void {
    this.events += events;
    this.bytes += bytes;
  }

  #endRun(): void {
    if (this.#end > this.#start) this.#add(this.#source!.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
