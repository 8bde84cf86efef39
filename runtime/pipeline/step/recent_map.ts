/** A map that forgets what was used longest ago. @module */

/** An entry, for whoever asks for the same one again and again. */
export interface RecentEntry<Value> {
  /** Its value. */
  readonly value: Value;
  /** Whether it had to go. */
  readonly gone: boolean;
}

interface Entry<Key, Value> {
  readonly key: Key;
  value: Value;
  gone: boolean;
  older: Entry<Key, Value> | undefined;
  newer: Entry<Key, Value> | undefined;
}

/**
 * At most so many entries; asking for one makes it the latest.
 *
 * Entries are linked in the order of their use: deleting a key of a `Map` and setting it again, for each event, makes the
 * map rebuild itself every few hundred events.
 */
export class RecentMap<Key, Value> {
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  readonly #most: number;
  #oldest: Entry<Key, Value> | undefined;
  #latest: Entry<Key, Value> | undefined;

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
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#touch(entry);
    return entry.value;
  }

  /** The entry of a key, if it has one. */
  find(key: Key): RecentEntry<Value> | undefined {
    return this.#entries.get(key);
  }

  /** Makes an entry of this map that is not {@linkcode RecentEntry.gone} the latest, as {@linkcode RecentMap.get} does. */
  use(entry: RecentEntry<Value>): void {
    this.#touch(entry as Entry<Key, Value>);
  }

  /** Sets a value; the one used longest ago may have to go. */
  set(key: Key, value: Value): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      this.#touch(known);
      return;
    }
    const entry: Entry<Key, Value> = { key, value, gone: false, older: undefined, newer: undefined };
    this.#entries.set(key, entry);
    this.#link(entry);
    if (this.#entries.size > this.#most) this.delete(this.#oldest!.key);
  }

  /** Forgets a key. */
  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.gone = true;
    this.#unlink(entry);
  }

  /** The entry used longest ago. */
  oldest(): [Key, Value] | undefined {
    return this.#oldest === undefined ? undefined : [this.#oldest.key, this.#oldest.value];
  }

  /** All entries, the one used longest ago first. */
  entries(): [Key, Value][] {
    const entries: [Key, Value][] = [];
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) entries.push([entry.key, entry.value]);
    return entries;
  }

  #touch(entry: Entry<Key, Value>): void {
    if (entry === this.#latest) return;
    this.#unlink(entry);
    this.#link(entry);
  }

  #link(entry: Entry<Key, Value>): void {
    entry.older = this.#latest;
    entry.newer = undefined;
    if (this.#latest === undefined) this.#oldest = entry;
    else this.#latest.newer = entry;
    this.#latest = entry;
  }

  #unlink({ older, newer }: Entry<Key, Value>): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#latest = older;
    else newer.older = older;
  }
}
