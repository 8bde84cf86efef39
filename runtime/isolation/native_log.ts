/** Lines a native plugin logs: written by its threads into a ring of its own, without JavaScript, and read here. @module */
import type { PartContext } from "../connector/contract.ts";

/** Words before the entries; `ffi/adapter/bell.c` has the layout. */
const HEADER_BYTES = 64;
const HEAD = 0;
const TAIL = 1;
const DROPPED = 2;
const ARMED = 3;
const ENTRY_BYTES = 16;
const FILLER = 0xffff;
/** Bytes for entries; a power of two. */
const BYTES = 16_384;
const LEVELS = ["error", "warning", "info", "debug"] as const;

/** The ring of one instance. What finds no room is counted, and told with the next line. */
export class NativeLog {
  /** The ring, for `caisson_host.log_ring`. */
  readonly memory: Uint8Array;
  readonly #words: Int32Array;
  readonly #log: PartContext["log"];
  readonly #decoder = new TextDecoder();
  #tail = 0;
  #dropped = 0;

  /** Lines go to `log`. */
  constructor(log: PartContext["log"]) {
    const buffer = new SharedArrayBuffer(HEADER_BYTES + BYTES);
    this.memory = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#log = log;
  }

  /** Has the plugin's next line ring the bell, and passes on those that are there. */
  arm(): void {
    Atomics.store(this.#words, ARMED, 1);
    this.drain();
  }

  /** Passes on what has been written since; costs one load when that is nothing. */
  drain(): void {
    const head = Atomics.load(this.#words, HEAD);
    if (head === this.#tail) return;
    while (this.#tail !== head && this.#passOn()) Atomics.store(this.#words, TAIL, this.#tail);
    const dropped = Atomics.load(this.#words, DROPPED);
    if (dropped === this.#dropped) return;
    this.#log("warning", `${(dropped - this.#dropped) >>> 0} log lines of the plugin found no room and were left out`);
    this.#dropped = dropped;
  }

  /** Takes one entry; `false` when it is being written still. */
  #passOn(): boolean {
    const at = HEADER_BYTES + (this.#tail & (BYTES - 1));
    const state = Atomics.load(this.#words, at / 4);
    if (state === 0) return false;
    const level = this.#words[at / 4 + 1]!;
    const end = HEADER_BYTES + BYTES;
    if (level === FILLER) {
      this.#forget(at, end);
      return true;
    }
    const text = at + ENTRY_BYTES;
    const length = Math.max(0, Math.min(state - 1, end - text));
    // Copied: a decoder takes no shared memory.
    const line = this.#decoder.decode(this.memory.slice(text, text + length));
    this.#forget(at, text + Math.ceil(length / ENTRY_BYTES) * ENTRY_BYTES);
    this.#log(LEVELS[level - 1] ?? "info", line);
    return true;
  }

  /** Zeros mean that nothing is finished yet, wherever the next entry begins. */
  #forget(from: number, to: number): void {
    this.memory.fill(0, from, to);
    this.#tail = (this.#tail + to - from) | 0;
  }
}
