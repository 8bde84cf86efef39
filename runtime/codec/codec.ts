/** What turns bytes into a value and back. @module */

import type { Batch } from "../data/batch.ts";

/**
 * A codec: one payload is one event. It has no state, so streams may share it.
 *
 * Integers travel as {@link https://github.com/tc39/proposal-bigint | bigints} where a number would lose digits; points
 * in time in nanoseconds are always bigints.
 */
export interface Codec {
  /**
   * What its bytes are in, such as `json`. Codecs of one name read and write the same bytes: between them an event is
   * passed on as it is. A configuration that is not the default is part of the name.
   */
  readonly name: string;
  /**
   * Whether bytes in a decoded value are a view of the payload: who keeps the value longer than the batch copies them.
   *
   * @default {false}
   */
  readonly viewsPayload?: boolean;
  /** Whether a payload holds no event, such as a comment; absent means that every payload is one. */
  skips?(bytes: Uint8Array): boolean;
  /**
   * Decodes one payload.
   *
   * @param timestampMs when the event entered the system, milliseconds since 1970, for formats in which the time may
   * be missing
   * @throws {CaissonError} `CAISSON_CODEC_DECODE`
   */
  decode(bytes: Uint8Array, timestampMs?: number): unknown;
  /**
   * Decodes an event of a batch, where the codec does that faster than from its bytes alone; the same value.
   *
   * @throws {CaissonError} `CAISSON_CODEC_DECODE`
   */
  decodeOf?(batch: Batch, index: number): unknown;
  /**
   * Encodes one value.
   *
   * @throws {CaissonError} `CAISSON_CODEC_ENCODE`
   */
  encode(value: unknown): Uint8Array;
  /**
   * One text that holds those of all values, each of which {@linkcode Codec.encode} returns as UTF-8, for codecs that
   * write text, in order, with at least one character between two of them and one before the first or behind the last.
   * It must not throw; `undefined` says that each has to be encoded by itself.
   *
   * @param starts takes where the text of each value begins
   * @param ends takes where it ends
   */
  encodeTexts?(values: readonly unknown[], starts: Uint32Array, ends: Uint32Array): string | undefined;
}

/**
 * Takes what an interceptor made. Preprocessors may say when the event entered the system, milliseconds since 1970;
 * without it, it is when its chunk did.
 */
export type Emit = (bytes: Uint8Array, timestampMs?: number) => void;

/** Cuts what a source reads into payloads. One instance belongs to one stream. */
export interface Preprocessor {
  /** Its name, such as `separate`. */
  readonly name: string;
  /**
   * Takes a chunk and emits zero or more. Emitted bytes that are views of the chunk are not copied by the runtime.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED`
   */
  process(
    chunk: Uint8Array,
    emit: Emit,
  ): void | Promise<void>;
  /** The stream has ended: emits what is still held; another stream may follow. */
  finish(emit: Emit): void | Promise<void>;
  /**
   * Where whoever reads events of it puts a function: told the text of a piece of the chunk, all of it ASCII, and where in the
   * chunk it begins, when one had to be made to find the ends of payloads, before these are emitted. Nobody then needs to
   * make it again.
   */
  onText?: ((text: string, from: number) => void) | undefined;
  /**
   * Where whoever reads events of it may put a function that takes a payload by its place in the chunk, in place of `emit`
   * and a view: half of what a short payload costs.
   */
  onSlice?: ((start: number, end: number) => void) | undefined;
  /**
   * Where whoever reads events of it may put a function that takes many whole payloads at once: `head` with its separator, if
   * there is one, then those of a part of the chunk, each of them with its separator. `false`: it took none of them.
   */
  bulk?: ((head: Uint8Array | undefined, body: Uint8Array) => boolean) | undefined;
  /**
   * Whether it keeps bytes of the last chunk, which the next event it emits begins with: that chunk is settled with the
   * event. Absent: it never does.
   */
  readonly holds?: boolean;
}

/** Frames or packs what a sink writes. One instance belongs to one stream. */
export interface Postprocessor {
  /** Its name, such as `separate`. */
  readonly name: string;
  /**
   * Takes one payload and emits zero or more chunks.
   *
   * @param timestampMs when the event entered the system, milliseconds since 1970; 0 where nobody knows
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED`
   */
  process(
    bytes: Uint8Array,
    emit: Emit,
    timestampMs?: number,
  ): void | Promise<void>;
  /** The stream ends: emits what is still held; another stream may follow. */
  finish(emit: Emit): void | Promise<void>;
  /**
   * How many of the payloads it took, the last ones, have not been emitted wholly; their events are told nothing before
   * they are. Whoever stands before it emits something for each payload. Absent: it holds nothing between two payloads.
   */
  readonly held?: number;
  /**
   * Set when all it does is to end each payload with this byte, 0 to 255: then many may be framed at once, without it.
   */
  readonly ending?: number;
  /** Longest time payloads are held, milliseconds. @default {1000} */
  readonly flushMs?: number;
  /** Emits what is held; the stream goes on. Needed with {@linkcode Postprocessor.held}. */
  flush?(emit: Emit): void | Promise<void>;
}
