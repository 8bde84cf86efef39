/** Memory that threads of a plugin may use for as long as the process lives; a buffer's is freed with its isolate. @module */
import { callSites } from "./call_site.ts";
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/** A piece of it, zeros at first, aligned to 64 bytes. Offsets and lengths in bytes; the caller keeps within bounds. */
export interface KeptMemory {
  /** Where it is, for a function that takes a pointer. */
  readonly pointer: Deno.PointerObject;
  /** The same as a number, for a struct. */
  readonly address: bigint;
  /** A word of 32 bits that others write as well. */
  load(offset: number): number;
  /** Writes such a word. */
  store(offset: number, value: number): void;
  /** Copies out as many bytes as `out` has. */
  read(offset: number, out: Uint8Array<ArrayBuffer>): void;
  /** Copies in. */
  write(offset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Sets to zero. */
  clear(offset: number, length: number): void;
  /** Frees it, once nobody can use it any more. Left out, or after the functions were closed, it stays. */
  giveBack(): void;
}

/** The functions that work with it. */
export interface KeptMemories {
  /**
   * Takes a piece.
   *
   * @throws {CaissonError} `CAISSON_INTERNAL` when there is no memory
   */
  take(bytes: number): KeptMemory;
  /** Gives the handle of the functions back; memory that was taken stays. */
  close(): void;
}

const noMemory = (bytes: number): CaissonError =>
  new CaissonError("CAISSON_INTERNAL", { subject: "memory for a native plugin", found: `no ${bytes} bytes are left` });

/** Opens the functions in the adapter's library. */
export function openKeptMemories(file: string): KeptMemories {
  const definitions = {
    take: { name: "caisson_kept_take", parameters: ["u32"], result: "pointer" },
    giveBack: { name: "caisson_kept_give_back", parameters: ["pointer"], result: "void" },
    address: { name: "caisson_kept_address", parameters: ["pointer"], result: "u64" },
    load: { name: "caisson_kept_load", parameters: ["pointer", "u32"], result: "u32" },
    store: { name: "caisson_kept_store", parameters: ["pointer", "u32", "u32"], result: "void" },
    read: { name: "caisson_kept_read", parameters: ["pointer", "u32", "buffer", "u32"], result: "void" },
    write: { name: "caisson_kept_write", parameters: ["pointer", "u32", "buffer", "u32"], result: "void" },
    clear: { name: "caisson_kept_clear", parameters: ["pointer", "u32", "u32"], result: "void" },
  } as const;
  const library = Deno.dlopen(file, definitions);
  const symbols = callSites(library.symbols, definitions);
  let open = true;
  return {
    take(bytes) {
      const pointer = symbols.take(bytes);
      if (pointer === null) throw noMemory(bytes);
      return {
        pointer,
        address: BigInt(symbols.address(pointer)),
        load: (offset) => symbols.load(pointer, offset),
        store: (offset, value) => symbols.store(pointer, offset, value >>> 0),
        read: (offset, out) => symbols.read(pointer, offset, out, out.byteLength),
        write: (offset, from) => symbols.write(pointer, offset, from, from.byteLength),
        clear: (offset, length) => symbols.clear(pointer, offset, length),
        giveBack: () => open && symbols.giveBack(pointer),
      };
    },
    close() {
      open = false;
      library.close();
    },
  };
}

const ALIGNMENT = 64;

/** What the C library allocates, where there is no adapter: needs all of `--allow-ffi`. */
export function keptByAllocator(
  calloc: (count: bigint, bytes: bigint) => Deno.PointerValue,
  free: (memory: Deno.PointerValue) => void,
  bytes: number,
): KeptMemory {
  const base = calloc(1n, BigInt(bytes + ALIGNMENT));
  if (base === null) throw noMemory(bytes);
  const start = BigInt(Deno.UnsafePointer.value(base));
  const address = (start + BigInt(ALIGNMENT - 1)) & ~BigInt(ALIGNMENT - 1);
  const pointer = Deno.UnsafePointer.create(address)!;
  const memory = new Uint8Array(new Deno.UnsafePointerView(pointer).getArrayBuffer(bytes));
  const words = new Uint32Array(memory.buffer);
  return {
    pointer,
    address,
    load: (offset) => Atomics.load(words, offset / 4),
    store: (offset, value) => void Atomics.store(words, offset / 4, value),
    read: (offset, out) => out.set(memory.subarray(offset, offset + out.byteLength)),
    write: (offset, from) => memory.set(from, offset),
    clear: (offset, length) => void memory.fill(0, offset, offset + length),
    giveBack: () => free(base),
  };
}
