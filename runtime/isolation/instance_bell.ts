/** The bell words of one native instance, and sleeping until the plugin rings. @module */
import { BELL_LAYOUT } from "../data/layout.ts";
import type { HostWords } from "./host_memory.ts";

const POSTED = BELL_LAYOUT.posted;
const ARMED = BELL_LAYOUT.armed;

/** Longest sleep, however sure the bell is, milliseconds. */
const LONGEST_MS = 1000;

/** What {@linkcode InstanceBell.sleep} needs. */
export interface SleepOptions {
  /** {@linkcode InstanceBell.posted} from before the plugin was asked. */
  readonly seen: number;
  /** What the plugin asked for, milliseconds; 0 leaves it to the bell. */
  readonly retryAfterMs: number;
  /** Longest sleep, milliseconds. @default {1000} */
  readonly atMostMs?: number;
  /** Ends the sleep. */
  readonly signal?: AbortSignal;
}

/**
 * Sleeps as long as it takes for a plugin to ring. One that never has might not know how: it is asked again after 1 ms,
 * then 2, 4 and so on, so that it costs next to nothing while it stays idle.
 */
export class InstanceBell {
  readonly #words: HostWords;
  readonly #rings: boolean;
  #patienceMs = 1;
  #sleeper: { readonly seen: number; readonly end: (rung: boolean) => void } | undefined;

  /** `rings`: whether a ring reaches this process, which it does not where there is no adapter. */
  constructor(words: HostWords, rings: boolean) {
    this.#words = words;
    this.#rings = rings;
  }

  /** How often the plugin has said that there is work, modulo 2^32. */
  get posted(): number {
    return this.#words.load(POSTED);
  }

  /** Something came: the next sleep begins short again. */
  busy(): void {
    this.#patienceMs = 1;
  }

  /** Called after every ring in this process: ends the sleep when it was this plugin that rang. */
  look(): void {
    const sleeper = this.#sleeper;
    if (sleeper !== undefined && this.posted !== sleeper.seen) sleeper.end(true);
  }

  /** Ends the sleep. */
  wake(): void {
    this.#sleeper?.end(false);
  }

  /** Resolves when the plugin rings, with `true`; when the time is up, or {@linkcode wake} was called, with `false`. */
  sleep({ seen, retryAfterMs, atMostMs = LONGEST_MS, signal }: SleepOptions): Promise<boolean> {
    this.#words.store(ARMED, 1);
    // Armed first, looked again then: a plugin that published before it could see the word is seen here.
    if (this.posted !== seen || signal?.aborted) {
      this.#words.store(ARMED, 0);
      return Promise.resolve(this.posted !== seen);
    }
    const milliseconds = Math.min(LONGEST_MS, atMostMs, retryAfterMs > 0 ? retryAfterMs : this.#patience());
    return new Promise((resolve) => {
      const end = (rung: boolean): void => {
        this.#sleeper = undefined;
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
        this.#words.store(ARMED, 0);
        resolve(rung);
      };
      const stop = (): void => end(false);
      const timer = setTimeout(stop, milliseconds);
      this.#sleeper = { seen, end };
      signal?.addEventListener("abort", stop);
    });
  }

  #patience(): number {
    if (this.#rings && this.posted !== 0) return LONGEST_MS;
    const now = this.#patienceMs;
    this.#patienceMs = Math.min(LONGEST_MS, now * 2);
    return now;
  }
}
