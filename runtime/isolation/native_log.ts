/** Lines a native plugin logs: written by its threads into a ring of its own, without JavaScript, and read here. @module */
import type { PartContext } from "../connector/contract.ts";
import { type HostWords, LOG_HEADER_BYTES } from "./host_memory.ts";

const HEAD = 0;
const TAIL = 4;
const DROPPED = 8;
const ARMED = 12;
const ENTRY_BYTES = 16;
const FILLER = 0xffff;
const LEVELS = ["error", "warning", "info", "debug"] as const;

/** The ring of one instance. What finds no room is counted, and told with the next line. */
export class NativeLog {
  readonly #ring: HostWords;
  /** Bytes for entries; a power of two. */
  readonly #bytes: number;
  readonly #log: PartContext["log"];
  readonly #decoder = new TextDecoder();
  #tail = 0;
  #dropped = 0;

  /** Lines go to `log`. */
  constructor(ring: HostWords, log: PartContext["log"]) {
    this.#ring = ring;
    this.#bytes = ring.byteLength - LOG_HEADER_BYTES;
    this.#log = log;
  }

  /** Has the plugin's next line ring the bell, and passes on those that are there. */
  arm(): void {
    this.#ring.store(ARMED, 1);
    this.drain();
  }

  /** Passes on what has been written since; costs one load when that is nothing. */
  drain(): void {
    const head = this.#ring.load(HEAD) | 0;
    if (head === this.#tail) return;
    while (this.#tail !== head && this.#passOn()) this.#ring.store(TAIL, this.#tail);
    const dropped = this.#ring.load(DROPPED);
    if (dropped === this.#dropped) return;
    this.#log("warning", `${(dropped - this.#dropped) >>> 0} log lines of the plugin found no room and were left out`);
    this.#dropped = dropped;
  }

  /** Takes one entry; `false` when it is being written still. */
  #passOn(): boolean {
    const at = LOG_HEADER_BYTES + (this.#tail & (this.#bytes - 1));
    const state = this.#ring.load(at);
    if (state === 0) return false;
    const level = this.#ring.load(at + 4);
    const end = LOG_HEADER_BYTES + this.#bytes;
    if (level === FILLER) {
      this.#forget(at, end);
      return true;
    }
    const text = at + ENTRY_BYTES;
    const length = Math.max(0, Math.min(state - 1, end - text));
    const bytes = new Uint8Array(length);
    this.#ring.read(text, bytes);
    const line = this.#decoder.decode(bytes);
    this.#forget(at, text + Math.ceil(length / ENTRY_BYTES) * ENTRY_BYTES);
    this.#log(LEVELS[level - 1] ?? "info", line);
    return true;
  }

  /** Zeros mean that nothing is finished yet, wherever the next entry begins. */
  #forget(from: number, to: number): void {
    this.#ring.clear(from, to - from);
    this.#tail = (this.#tail + to - from) | 0;
  }
}
