/** What turns bytes into a value and back. @module */

import type { Batch } from "../data/batch.ts";

/** A codec: one payload is one event. */
export interface Codec {
  /** Its name, such as `json`. */
  readonly name: string;
  /**
   * Decodes one payload.
   *
   * @throws {CaissonError} `CAISSON_CODEC_DECODE`
   */
  decode(bytes: Uint8Array): unknown;
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
}

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
    emit: (bytes: Uint8Array) => void,
  ): void | Promise<void>;
  /** The stream has ended: emits what is still held. */
  finish(emit: (bytes: Uint8Array) => void): void | Promise<void>;
}

/** Frames or packs what a sink writes. One instance belongs to one stream. */
export interface Postprocessor {
  /** Its name, such as `separate`. */
  readonly name: string;
  /**
   * Takes one payload and emits zero or more chunks.
   *
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED`
   */
  process(
    bytes: Uint8Array,
    emit: (bytes: Uint8Array) => void,
  ): void | Promise<void>;
  /** The stream ends: emits what is still held. */
  finish(emit: (bytes: Uint8Array) => void): void | Promise<void>;
}
