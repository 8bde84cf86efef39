/** What Deno's FFI does not do by itself, as an interface. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import type { KeptMemory } from "./kept_memory.ts";

/** How native code wakes the host: one for the whole process, whatever the number of plugins. */
export interface HostBell {
  /** `CAISSON_BELL_*`. */
  readonly kind: number;
  /** What plugins write to. */
  readonly handle: bigint;
  /** Address of the function for `caisson_host.log`, 0 when there is none. */
  readonly logFunction: bigint;
  /** Resolves when somebody has rung; takes one thread of Deno's pool. One call at a time. */
  wait(): Promise<void>;
  /** Rings. */
  ring(): void;
}

/** The operations; all but waiting for the bell are synchronous. */
export interface NativeAdapter {
  /** Address of the first byte. The memory must not be moved or detached while native code uses it. */
  address(bytes: Uint8Array): bigint;
  /**
   * Maps a library, binding all its symbols, and keeps it mapped until {@linkcode releaseAnchor}. Runs its constructors.
   *
   * @throws {CaissonError} `CAISSON_LIBRARY_LOAD` with the system's message
   */
  anchor(path: string): Deno.PointerObject;
  /** Gives an anchor back; the library is unmapped when nothing else holds it. */
  releaseAnchor(anchor: Deno.PointerObject): void;
  /** Whether an anchored library exports a symbol. */
  exports(anchor: Deno.PointerObject, name: string): boolean;
  /** Whether a library is mapped. */
  isLoaded(path: string): boolean;
  /**
   * Takes memory that is freed neither with this isolate nor with the adapter.
   *
   * @throws {CaissonError} `CAISSON_INTERNAL` when there is none
   */
  keep(bytes: number): KeptMemory;
  /** Copies memory that is no JavaScript buffer; the caller vouches for the address. */
  read(address: bigint, out: Uint8Array): void;
  /**
   * Index of the first record of a batch that is not plainly good, or `count`: `RecordScan` in C. The system's own loader
   * has none.
   */
  scan?(
    block: Uint8Array,
    offset: number,
    stride: number,
    count: number,
    limits: Int32Array,
    segments: number,
  ): number;
  /**
   * The process's bell, opened on first use; the system's own loader has none.
   *
   * @throws {CaissonError} `CAISSON_INTERNAL` when the system refuses
   */
  readonly bell?: () => HostBell;
  /** Gives this use back; the last one closes the adapter's library. */
  close(): void;
}

/** An adapter that has not been handed out yet. */
export type BareAdapter = Omit<NativeAdapter, "close"> & { shut(): void };

/** A path or symbol as C wants it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The error for a library the system does not load. */
export function loadError(path: string, message: string): CaissonError {
  return new CaissonError("CAISSON_LIBRARY_LOAD", {
    subject: path,
    found: message,
  });
}
