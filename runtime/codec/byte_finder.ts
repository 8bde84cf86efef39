/** Finds the next of a byte, fast: where lines end. @module */
import { asciiText } from "./ascii_text.ts";

/** Bytes looked at together: their text stays in the processor's cache. */
const PIECE_BYTES = 1 << 16;
/** Shorter ranges are searched as they are. */
const LEAST_BYTES = 512;
/** Pieces with more than ASCII after which the rest of the chunk is searched as bytes. */
const TRIES = 2;

const NOTHING: Uint8Array = new Uint8Array(0);

/** Takes the text of a piece of a chunk, all of it ASCII, and where in the chunk it begins. */
export type OnText = (text: string, from: number) => void;

/**
 * Positions of one byte in a chunk. V8 looks for a byte of an array one by one, for a character of a text by words: an
 * event of 600 bytes is cut off a text in a third of the time, decoding included.
 */
export class ByteFinder {
  readonly #byte: number;
  readonly #character: string;
  #chunk: Uint8Array = NOTHING;
  #text: string | undefined = undefined;
  #from = 0;
  #to = 0;
  #tries = 0;
  #onText: OnText | undefined = undefined;

  /** Looks for `byte`, 0 to 255. */
  constructor(byte: number) {
    this.#byte = byte;
    this.#character = String.fromCharCode(byte);
  }

  /**
   * Looks in `chunk` from now on, which must not change until {@linkcode ByteFinder.end}.
   *
   * @param onText told each text that had to be made
   */
  begin(chunk: Uint8Array, onText?: OnText): void {
    this.#chunk = chunk;
    this.#onText = onText;
    this.#text = undefined;
    this.#tries = this.#byte > 0x7f || chunk.byteLength < LEAST_BYTES ? 0 : TRIES;
  }

  /** Lets go of the chunk. */
  end(): void {
    this.#chunk = NOTHING;
    this.#text = undefined;
  }

  /** Index of the first one at `start` or later; -1 when there is none. */
  next(start: number): number {
    let at = start;
    while (at < this.#chunk.byteLength) {
      if (this.#text === undefined || at < this.#from || at >= this.#to) {
        if (this.#tries === 0) break;
        this.#decode(at);
        if (this.#text === undefined) {
          this.#tries--;
          break;
        }
      }
      const found = this.#text!.indexOf(this.#character, at - this.#from);
      if (found >= 0) return this.#from + found;
      at = this.#to;
    }
    return this.#chunk.indexOf(this.#byte, at);
  }

  #decode(from: number): void {
    const to = Math.min(this.#chunk.byteLength, from + PIECE_BYTES);
    this.#text = asciiText(this.#chunk.subarray(from, to));
    this.#from = from;
    this.#to = to;
    if (this.#text !== undefined) this.#onText?.(this.#text, from);
  }
}
