/** Tells native code where JavaScript memory lies, and JavaScript what memory an address is. @module */
import type { Batch } from "../data/batch.ts";
import type { RecordScan } from "../data/batch_check.ts";
import { BatchError } from "../data/batch_error.ts";
import { SEGMENT_LENT } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";

/** What is needed of a loaded library. */
export interface MemoryAccess {
  /** Address of the first byte of a view. */
  addressOf(bytes: Uint8Array): bigint;
  /** Copies memory a plugin lent. */
  read(address: bigint, out: Uint8Array): void;
}

/** Addresses of buffers, each looked up once; a number, since a BigInt for each batch costs more than the call. */
const bases = new WeakMap<ArrayBufferLike, number>();

/**
 * Address of the first byte of a view, as a number. Whoever uses it keeps the buffer alive.
 *
 * @throws {CaissonError} `CAISSON_NATIVE_BATCH` for an address above 2^53, which no platform hands out today
 */
export function addressOf(access: MemoryAccess, bytes: Uint8Array): number {
  const { buffer } = bytes;
  let base = bases.get(buffer);
  if (base === undefined) {
    if (buffer.byteLength === 0) return 0;
    base = Number(access.addressOf(new Uint8Array(buffer)));
    if (!Number.isSafeInteger(base)) {
      throw new CaissonError("CAISSON_NATIVE_BATCH", { subject: "memory", found: "an address above 2^53" });
    }
    bases.set(buffer, base);
  }
  return base + bytes.byteOffset;
}

/**
 * Writes the address of every segment that is JavaScript memory. What stood there is overwritten, not trusted: the table
 * may have been filled by a plugin. Memory a native plugin lent keeps the address its owner gave it.
 */
export function fillAddresses(access: MemoryAccess, batch: Batch): void {
  for (let index = 0; index < batch.segmentCount; index++) {
    if ((batch.segmentFlags(index) & SEGMENT_LENT) !== 0) continue;
    const view = batch.segmentView(index);
    if (view.byteLength === 0) continue;
    if (view !== batch.arena) {
      batch.setSegmentAddress(index, addressOf(access, view));
      continue;
    }
    if (!batch.knowsArena) batch.rememberArena(addressOf(access, view));
    batch.writeArenaAddress(index);
  }
}

/**
 * Checks a batch that a plugin has filled.
 *
 * @throws {CaissonError} `CAISSON_NATIVE_BATCH`
 */
export function validateFilled(batch: Batch, subject: string, call: string, scan?: RecordScan): void {
  try {
    batch.validate(scan);
  } catch (cause) {
    if (!(cause instanceof BatchError)) throw cause;
    throw new CaissonError("CAISSON_NATIVE_BATCH", { subject: `${subject} ${call}`, found: cause.message, cause });
  }
}

/** The error for a segment that lies in memory nobody gave or lent. */
export function foreignSegment(batch: Batch, index: number, subject: string): CaissonError {
  return new CaissonError("CAISSON_NATIVE_BATCH", {
    subject,
    found: `segment[${index}] of ${batch.segmentLength(index)} bytes at ${batch.segmentAddress(index)}`,
    allowed: "the batch's arena, memory the host handed over, or a source's own memory marked as lent",
  });
}

/** Whether memory outside of JavaScript may be seen without copying it: that takes all of `--allow-ffi`. */
function mayView(): boolean {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/** Views of memory a plugin lent with one batch; taken away when the batch goes back. */
export class LentViews {
  readonly #access: MemoryAccess;
  readonly #buffers: ArrayBuffer[] = [];

  /** Sees nothing before it is asked. */
  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  /** The bytes at an address: the memory itself, or a copy where `--allow-ffi` names paths. */
  readonly resolve = (base: bigint, length: number): Uint8Array => {
    if (!mayView()) {
      const copy = new Uint8Array(length);
      if (length > 0) this.#access.read(base, copy);
      return copy;
    }
    const pointer = Deno.UnsafePointer.create(base);
    if (pointer === null || length === 0) return new Uint8Array();
    const buffer = Deno.UnsafePointerView.getArrayBuffer(pointer, length);
    this.#buffers.push(buffer);
    return new Uint8Array(buffer);
  };

  /** Detaches every view: reading one afterwards finds nothing, instead of memory that is no longer lent. */
  revoke(): void {
    for (const buffer of this.#buffers.splice(0)) buffer.transfer(0);
  }
}
