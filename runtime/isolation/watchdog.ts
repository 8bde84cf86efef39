/** Watches a plugin process: does work proceed, does it answer, how much memory does it hold? @module */
import { LeakTrend } from "./leak_trend.ts";
import type { SlotWork } from "./plugin_link.ts";

/** How often memory is looked at, milliseconds. */
const MEMORY_MS = 1000;
const MIB = 1 << 20;

/** What {@linkcode Watchdog} needs. */
export interface WatchdogOptions {
  /** How long the process may give no sign of life: an answer, or a batch given back; milliseconds. */
  readonly slotMs: number;
  /** How long one batch may take in a process that answers, milliseconds. */
  readonly batchMs: number;
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
  /** Told once, when what it holds only grows. @default {nobody} */
  readonly onLeak?: ((found: string) => void) | undefined;
  /** Told once, when words in shared memory cannot be. */
  readonly onBroken: (thrown: unknown) => void;
}

/** Looks several times within each time limit. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #tickMs: number;
  readonly #trend: LeakTrend;
  #work: (() => SlotWork) | undefined;
  #lastTick: number;
  #lastMemory: number;
  #done = -1;
  /** When work last proceeded, or there was none. */
  #since: number;
  /** Whether a sign of life was asked for and has not come. */
  #asked = false;
  #heard: number;

  /** Starts to look. */
  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#trend = new LeakTrend(options.memoryBytes);
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
    const { slotMs, batchMs, busy, ping, onLate } = this.#options;
    const { pending, done } = this.#work?.() ?? { pending: 0, done: 0 };
    if (pending === 0 || done !== this.#done) this.#since = now;
    this.#done = done;
    // Open and connect have deadlines of their own.
    if (busy()) {
      this.#heard = now;
      return;
    }
    const sign = pending > 0 ? Math.max(this.#since, this.#heard) : this.#heard;
    if (now - sign > slotMs) {
      return onLate(pending > 0 ? `no progress on a batch for ${slotMs} ms` : `no sign of life for ${slotMs} ms`);
    }
    if (now - this.#since > batchMs) return onLate(`no progress on a batch for ${batchMs} ms, though it answers`);
    if (this.#asked || now - sign < slotMs / 2) return;
    this.#asked = true;
    ping(() => {
      this.#asked = false;
      this.#heard = performance.now();
    });
  }

  #checkMemory(): void {
    const { memoryBytes, resident, onMemory, onLeak } = this.#options;
    const held = resident();
    if (held === undefined) return;
    if (held <= memoryBytes) {
      const leak = this.#trend.add(performance.now(), held);
      if (leak !== undefined) onLeak?.(leak);
      return;
    }
    onMemory(`it held ${Math.round(held / MIB)} MiB of memory, of at most ${Math.round(memoryBytes / MIB)} MiB`);
  }
}
