/** The newest entries of a durable buffer, still in memory: a taker that keeps up never makes them be read back. @module */
import type { StoredEntry } from "./buffer_store.ts";

/** Bytes kept in memory; what comes when they are full is read back from the file. */
const TAIL_BYTES = 8 << 20;
/** Entries given before the list is shortened. */
const SHIFTED = 64;

/** Gives entries in the order of their numbers, from memory where it has them. */
export class BufferTail {
  readonly #read: (after: number) => StoredEntry | undefined;
  readonly #entries: StoredEntry[] = [];
  #at = 0;
  #bytes = 0;
  #last = 0;
  #spilled: number;

  /**
   * @param spilled number of the newest entry that is only in the file
   * @param read the first entry of the file after a number
   */
  constructor(spilled: number, read: (after: number) => StoredEntry | undefined) {
    this.#spilled = spilled;
    this.#read = read;
  }

  /** Takes a new entry, which is in the file already. */
  add(entry: StoredEntry): void {
    // As long as an older one has to be read from the file, so has this one: they leave in order.
    if (this.#newest < this.#spilled || this.#bytes >= TAIL_BYTES) {
      this.#spilled = entry.id;
      return;
    }
    this.#entries.push(entry);
    this.#bytes += entry.data.byteLength;
  }

  get #newest(): number {
    return this.#entries.at(-1)?.id ?? this.#last;
  }

  /** The next entry, once. */
  next(): StoredEntry | undefined {
    const entry = this.#take() ?? (this.#last < this.#spilled ? this.#read(this.#last) : undefined);
    this.#last = entry?.id ?? Math.max(this.#last, this.#spilled);
    return entry;
  }

  #take(): StoredEntry | undefined {
    const entry = this.#entries[this.#at];
    if (entry === undefined) return undefined;
    this.#bytes -= entry.data.byteLength;
    if (++this.#at === this.#entries.length || this.#at === SHIFTED) {
      this.#entries.splice(0, this.#at);
      this.#at = 0;
    }
    return entry;
  }
}
