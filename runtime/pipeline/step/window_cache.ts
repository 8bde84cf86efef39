/** Finds the rate window of a class and a dimension by the numbers the kernel gave their texts. @module */
import { KNOWN, type Rows } from "../kernel_rows.ts";
import type { RateWindow } from "./rate_window.ts";
import type { RecentEntry, RecentMap } from "./recent_map.ts";

/** A window, and the map it is in as long as it is used. */
export interface CachedWindow {
  /** Windows of the class. */
  readonly keys: RecentMap<string, RateWindow>;
  /** The one of the dimension. */
  readonly entry: RecentEntry<RateWindow>;
}

/** A power of two: more pairs of class and dimension than that take turns. */
const SLOTS = 1024;

/** Two numbers of so many bits make a key. */
const NUMBER_BITS = 15;

/** As many windows as are likely to be asked for again and again. */
export class WindowCache {
  readonly #make: (name: string, key: string) => CachedWindow;
  readonly #textOf: (key: unknown) => string;
  readonly #keys = new Int32Array(SLOTS);
  readonly #windows: (CachedWindow | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  #era = -1;

  /** Asks `make` for windows it has not, by class and the text of a dimension. */
  constructor(make: (name: string, key: string) => CachedWindow, textOf: (key: unknown) => string) {
    this.#make = make;
    this.#textOf = textOf;
  }

  /** The window of the class at `at` and the dimension two behind it; `undefined` where they are no numbered texts. */
  find(rows: Rows, at: number): RateWindow | undefined {
    const { words } = rows;
    const name = words[2 * at]!;
    const key = words[2 * at + 4]!;
    if (words[2 * at + 1] !== KNOWN || words[2 * at + 5] !== KNOWN || (name | key) >>> NUMBER_BITS !== 0) {
      return undefined;
    }
    if (rows.era !== this.#era) {
      this.#era = rows.era;
      this.#windows.fill(undefined);
    }
    const both = name << NUMBER_BITS | key;
    const slot = (Math.imul(name, 31) + key) & (SLOTS - 1);
    let cached = this.#windows[slot];
    if (cached === undefined || this.#keys[slot] !== both || cached.entry.gone) {
      const text = rows.value(at);
      if (typeof text !== "string") return undefined;
      cached = this.#make(text, this.#textOf(rows.value(at + 2)));
      this.#windows[slot] = cached;
      this.#keys[slot] = both;
    }
    cached.keys.use(cached.entry);
    return cached.entry.value;
  }
}
