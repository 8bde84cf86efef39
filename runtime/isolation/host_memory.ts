/** What a native plugin's threads are given by the host: its struct, its bell and its log, in memory that outlives them. @module */
import type { PluginLibrary } from "../../ffi/library.ts";
import type { KeptMemory } from "../../ffi/kept_memory.ts";
import { BELL_LAYOUT, HOST_LAYOUT } from "../data/layout.ts";

/** Bytes of words before the entries of the log; `ffi/adapter/bell.c` has the layout. */
export const LOG_HEADER_BYTES: number = 64;
/** Bytes for entries; a power of two. */
const LOG_ENTRY_BYTES = 16_384;

/** Where the bell is. */
const BELL = Math.ceil(HOST_LAYOUT.bytes / 64) * 64;
/** Where the log is. */
const LOG = BELL + Math.ceil(BELL_LAYOUT.bytes / 64) * 64;
const BYTES = LOG + LOG_HEADER_BYTES + LOG_ENTRY_BYTES;

/** A part of that memory. Once the plugin was closed it reads as zeros, and nothing is written. */
export interface HostWords {
  /** Bytes in it. */
  readonly byteLength: number;
  /** A word of 32 bits that the plugin writes as well; offsets in bytes. */
  load(offset: number): number;
  /** Writes such a word. */
  store(offset: number, value: number): void;
  /** Copies out as many bytes as `out` has. */
  read(offset: number, out: Uint8Array<ArrayBuffer>): void;
  /** Sets to zero. */
  clear(offset: number, length: number): void;
}

/** Memory of closed instances, by the library's file, that waits for the last thread in it to end. */
const waiting = new Map<string, KeptMemory[]>();

/** The memory of one instance. */
export class HostMemory {
  /** For `caisson_host.bell`. */
  readonly bell: HostWords;
  /** For `caisson_host.log_ring`. */
  readonly log: HostWords;
  readonly #path: string;
  #kept: KeptMemory | undefined;

  /**
   * Takes it from the adapter.
   *
   * @throws {CaissonError} `CAISSON_INTERNAL` when there is none
   */
  constructor(library: PluginLibrary) {
    this.#path = library.path;
    this.#kept = library.keep(BYTES);
    this.bell = this.#part(BELL, BELL_LAYOUT.bytes);
    this.log = this.#part(LOG, BYTES - LOG);
  }

  /** Addresses for the struct. */
  addresses(): { readonly bell: bigint; readonly log: bigint } {
    const address = this.#kept?.address ?? 0n;
    return { bell: address + BigInt(BELL), log: address + BigInt(LOG) };
  }

  /** Writes the struct; what comes out is for the plugin. */
  publish(host: Uint8Array<ArrayBuffer>): Deno.PointerObject {
    const kept = this.#kept!;
    kept.write(0, host);
    return kept.pointer;
  }

  /** The plugin was closed: frees the memory, unless something of it may still be using it. */
  end(alive: boolean): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#kept = undefined;
    const all = [...waiting.get(this.#path) ?? [], kept];
    if (alive) return void waiting.set(this.#path, all);
    waiting.delete(this.#path);
    for (const memory of all) memory.giveBack();
  }

  #part(from: number, byteLength: number): HostWords {
    return {
      byteLength,
      load: (offset) => this.#kept?.load(from + offset) ?? 0,
      store: (offset, value) => this.#kept?.store(from + offset, value),
      read: (offset, out) => this.#kept?.read(from + offset, out),
      clear: (offset, length) => this.#kept?.clear(from + offset, length),
    };
  }
}
