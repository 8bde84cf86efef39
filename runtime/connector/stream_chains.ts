/** The preprocessors of each stream of one source. @module */
import type { Preprocessor } from "../codec/codec.ts";
import { CaissonError } from "../errors/caisson_error.ts";

/** Preprocessors of one stream, in order. */
export type Chain = readonly Preprocessor[];

/** Streams of one source that may have preprocessors at a time. */
const MOST_STREAMS = 65_536;

/** Makes the preprocessors of a stream with its first chunk. */
export class StreamChains {
  readonly #alias: string;
  readonly #make: (() => Chain) | undefined;
  readonly #chains: Map<number, Chain>;

  /**
   * @param first those of stream 0
   * @param make makes those of another one; without it there is only stream 0
   */
  constructor(alias: string, first: Chain, make: (() => Chain) | undefined) {
    this.#alias = alias;
    this.#make = make;
    this.#chains = new Map([[0, first]]);
  }

  /** Those of a stream that has begun. */
  known(stream: number): Chain | undefined {
    return this.#chains.get(stream);
  }

  /**
   * Those of a stream.
   *
   * @throws {CaissonError} `CAISSON_SOURCE_FAILED` when it is one too many
   */
  of(stream: number): Chain {
    const known = this.#chains.get(stream);
    if (known !== undefined) return known;
    const make = this.#make;
    if (make === undefined || this.#chains.size >= MOST_STREAMS) {
      throw new CaissonError("CAISSON_SOURCE_FAILED", {
        subject: this.#alias,
        found: `one stream more, beside ${this.#chains.size} open ones`,
        allowed: make === undefined ? "one stream" : `at most ${MOST_STREAMS} streams at a time`,
        action: "Have the source report streams that are over.",
      });
    }
    const made = make();
    this.#chains.set(stream, made);
    return made;
  }

  /** A stream is over. */
  delete(stream: number): void {
    this.#chains.delete(stream);
  }

  /** Takes out all of them, with the numbers of their streams. */
  takeAll(): readonly (readonly [number, Chain])[] {
    const all = [...this.#chains];
    this.#chains.clear();
    return all;
  }
}
