/** Watches a plugin process: does work proceed, does it answer, how much memory does it hold? @module */
import type { SlotWork } from "./plugin_link.ts";

/** How often memory is looked at, milliseconds. */
const MEMORY_MS = 1000;
const MIB = 1 << 20;

/** What {@linkcode Watchdog} needs. */
export interface WatchdogOptions {
  /** How long one batch and one answer may take, milliseconds. */
  readonly slotMs: number;
  /** Physical memory the process may hold, bytes. */
  readonly memoryBytes: number;
  /** What it holds now; `undefined` where the system does not tell. */
  readonly resident: () => number | undefined;
  /** Whether an answer with a deadline of its own is waited for. */
  readonly busy: () => boolean;
  /** Asks the process for a sign of life. */
  readonly ping: (heard: () => void) => void;
  /** Told once, when something takes too long. */
  readonly onLate: (found: string) => void;
  /** Told once, when it holds too much. */
  readonly onMemory: (found: string) => void;
  /** Told once, when words in shared memory cannot be. */
  readonly onBroken: (thrown: unknown) => void;
}

/** Looks several times within each time limit. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #tickMs: number;
  #work: (() => SlotWork) | undefined;
  #lastTick: number;
  #lastMemory: number;
  #done = -1;
  /** When work last proceeded, or there was none. */
  #since: number;
  /** When the sign of life was asked for that has not come. */
  #asked: number | undefined;
  #heard: number;

  /** Starts to look. */
  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#tickMs = Math.min(MEMORY_MS, Math.max(10, options.slotMs / 8));
    this.#lastTick =
      this.#lastMemory =
      this.#since =
      this.#heard =
        performance.now();
    this.#timer = setInterval(() => this.#tick(), this.#tickMs);
  }

  /** Where work can be seen. */
  watch(work: () => SlotWork): void {
    this.#work = work;
  }

  /** What the process has to do, for a message. */
  get doing(): string {
    let pending = 0;
    try {
      pending = this.#work?.().pending ?? 0;
    } catch {
      // Words in shared memory that cannot be; the end of the process is the news.
    }
    return pending === 0 ? "outside of any call" : `with ${pending} batches in flight`;
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    // When this process itself stood still, nobody else is to blame.
    if (now - this.#lastTick > 4 * this.#tickMs + 100) this.#since = this.#heard = now;
    this.#lastTick = now;
    try {
      this.#checkWork(now);
    } catch (thrown) {
      return this.#options.onBroken(thrown);
    }
    if (now - this.#lastMemory >= MEMORY_MS) {
      this.#lastMemory = now;
      this.#checkMemory();
    }
  }

  #checkWork(now: number): void {
    const { slotMs, busy, ping, onLate } = this.#options;
    const { pending, done } = this.#work?.() ?? { pending: 0, done: 0 };
    if (pending === 0 || done !== this.#done) this.#since = now;
    this.#done = done;
    if (pending > 0 && now - this.#since > slotMs) {
      return onLate(`no progress on a batch for ${slotMs} ms`);
    }
    // Open and connect have deadlines of their own, and so has a batch.
    if (busy() || pending > 0) {
      this.#heard = now;
      return;
    }
    if (this.#asked === undefined) {
      if (now - this.#heard < slotMs / 2) return;
      this.#asked = now;
      ping(() => {
        this.#asked = undefined;
        this.#heard = performance.now();
      });
    } else if (now - Math.max(this.#asked, this.#heard) > slotMs) {
      onLate(`no sign of life for ${slotMs} ms`);
    }
  }

  #checkMemory(): void {
    const { memoryBytes, resident, onMemory } = this.#options;
    const held = resident();
    if (held === undefined || held <= memoryBytes) return;
    onMemory(`it held ${Math.round(held / MIB)} MiB of memory, of at most ${Math.round(memoryBytes / MIB)} MiB`);
  }
}
