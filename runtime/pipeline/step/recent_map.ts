/** A map that forgets what was used longest ago. @module */

/** At most so many entries; asking for one makes it the latest. */
export class RecentMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #most: number;
  #latest: Key | undefined;

  /** @param most entries kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, which is now the latest. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || key === this.#latest) return value;
    this.#latest = key;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Sets a value; the one used longest ago may have to go. */
  set(key: Key, value: Value): void {
    this.#latest = key;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#most) this.#entries.delete(this.#entries.keys().next().value!);
  }

  /** Forgets a key. */
  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** The entry used longest ago. */
  oldest(): [Key, Value] | undefined {
    return this.#entries.entries().next().value;
  }

  /** All entries, the one used longest ago first. */
  entries(): [Key, Value][] {
    return [...this.#entries];
  }
}
