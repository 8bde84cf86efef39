/** The preprocessor `gelf-chunking`: puts the chunks of GELF over UDP together. @module */
import type { Emit, Preprocessor } from "./codec.ts";
import { unprocessable } from "./codec_error.ts";

/** Bytes in front of each chunk: 2 of magic, 8 of message id, number, count. */
export const GELF_HEAD = 12;
/** Most chunks of a message. */
export const GELF_CHUNKS = 128;

/** Whether a datagram is a chunk. */
export function isGelfChunk(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1e && bytes[1] === 0x0f;
}

interface Message {
  readonly since: number;
  readonly parts: (Uint8Array | undefined)[];
  missing: number;
  bytes: number;
}

/** How a {@linkcode GelfPreprocessor} bounds what it holds. */
export interface GelfOptions {
  /** Most bytes of all unfinished messages together. */
  readonly maxBytes: number;
  /** How long a message may take to arrive, milliseconds. */
  readonly timeoutMs: number;
  /** The clock, milliseconds. @default {performance.now} */
  readonly now?: () => number;
}

/**
 * Emits a message when its last chunk is there, in whatever order they come; a datagram that is no chunk is a message.
 * Messages that do not arrive in time, or for which there is no room, are dropped and reported with the next chunk.
 */
export class GelfPreprocessor implements Preprocessor {
  /** Its name in flows. */
  readonly name = "gelf-chunking";
  readonly #options: Required<GelfOptions>;
  readonly #messages = new Map<bigint, Message>();
  #bytes = 0;

  /** Holds nothing yet. */
  constructor({ maxBytes, timeoutMs, now = () => performance.now() }: GelfOptions) {
    this.#options = { maxBytes, timeoutMs, now };
  }

  /**
   * Takes one datagram.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED` for a chunk that is none, and after messages were dropped
   */
  process(chunk: Uint8Array, emit: Emit): void {
    const dropped = this.#expire();
    if (isGelfChunk(chunk)) this.#take(chunk, emit);
    else emit(chunk);
    if (dropped > 0) throw refused(`${dropped} messages of which chunks did not arrive in time`);
  }

  /**
   * Ends the stream; another may follow.
   *
   * @throws {CaissonError} `CAISSON_PREPROCESSOR_FAILED` when messages are not complete
   */
  finish(): void {
    const dropped = this.#messages.size;
    this.#messages.clear();
    this.#bytes = 0;
    if (dropped > 0) throw refused(`${dropped} messages of which chunks are missing`);
  }

  #take(chunk: Uint8Array, emit: Emit): void {
    const count = chunk[11]!;
    const number = chunk[10]!;
    if (chunk.byteLength <= GELF_HEAD || count === 0 || count > GELF_CHUNKS || number >= count) {
      throw refused(`a chunk of ${chunk.byteLength} bytes, number ${number} of ${count}`);
    }
    const id = new DataView(chunk.buffer, chunk.byteOffset).getBigUint64(2);
    const part = chunk.slice(GELF_HEAD);
    let message = this.#messages.get(id);
    if (message === undefined) {
      message = { since: this.#options.now(), parts: new Array(count).fill(undefined), missing: count, bytes: 0 };
      this.#messages.set(id, message);
    }
    if (message.parts.length !== count) throw refused(`chunks of one message that differ in their count`);
    // UDP may deliver a datagram twice.
    if (message.parts[number] !== undefined) return;
    if (this.#bytes + part.byteLength > this.#options.maxBytes) {
      this.#drop(id, message);
      throw refused(`more than ${this.#options.maxBytes} bytes of unfinished messages`);
    }
    message.parts[number] = part;
    message.bytes += part.byteLength;
    this.#bytes += part.byteLength;
    if (--message.missing > 0) return;
    this.#drop(id, message);
    const whole = new Uint8Array(message.bytes);
    let at = 0;
    for (const each of message.parts) {
      whole.set(each!, at);
      at += each!.byteLength;
    }
    emit(whole);
  }

  /** Messages lie in the order they began, so only the first ones can be too old. */
  #expire(): number {
    const oldest = this.#options.now() - this.#options.timeoutMs;
    let dropped = 0;
    for (const [id, message] of this.#messages) {
      if (message.since > oldest) break;
      this.#drop(id, message);
      dropped++;
    }
    return dropped;
  }

  #drop(id: bigint, message: Message): void {
    this.#messages.delete(id);
    this.#bytes -= message.bytes;
  }
}

function refused(found: string): Error {
  return unprocessable(
    "gelf-chunking",
    found,
    "whole messages of at most 128 chunks, each with a head of 12 bytes and data",
  );
}
