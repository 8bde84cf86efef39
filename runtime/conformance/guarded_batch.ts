/** A batch with guard bytes around its memory. @module */
import { Batch } from "../data/batch.ts";
import { type BatchOptions, blockBytes } from "../data/batch_options.ts";
import { broken } from "./finding.ts";

const GUARD_BYTES = 256;
const GUARD = 0xa5;

/** A batch whose neighbours in memory are known: whoever writes beside it is found out. */
export class GuardedBatch {
  /** The batch. */
  readonly batch: Batch;
  readonly #memory: Uint8Array;
  readonly #guards: readonly (readonly [from: number, what: string])[];

  /** Allocates batch, arena and guards in one piece. */
  constructor(options: BatchOptions) {
    const block = Math.ceil(blockBytes(options) / 64) * 64;
    const { arenaBytes = 1 << 20 } = options;
    const arena = GUARD_BYTES + block + GUARD_BYTES;
    this.#memory = new Uint8Array(new ArrayBuffer(arena + arenaBytes + GUARD_BYTES)).fill(GUARD);
    this.#guards = [
      [0, "in front of the batch"],
      [arena - GUARD_BYTES, "behind the batch, in front of its arena"],
      [arena + arenaBytes, "behind the arena"],
    ];
    this.batch = new Batch(
      this.#memory.subarray(GUARD_BYTES, GUARD_BYTES + block),
      this.#memory.subarray(arena, arena + arenaBytes),
      options,
    );
  }

  /** Makes a call that may write to the batch and checks the guards after it, also when it fails. */
  async around<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } finally {
      this.check();
    }
  }

  /**
   * Checks the guards.
   *
   * @throws {CaissonError} `CAISSON_CONFORMANCE_FAILED` when one was written over
   */
  check(): void {
    for (const [from, what] of this.#guards) {
      for (let at = from; at < from + GUARD_BYTES; at++) {
        if (this.#memory[at] !== GUARD) {
          throw broken(`byte ${at - from} ${what} was written`, "writes inside the batch and its arena");
        }
      }
    }
  }
}

/** What a plugin that reads a batch must leave as it is: header, records and payloads; the host writes addresses. */
export function snapshot(batch: Batch): () => void {
  const { recordWord, recordStride, count, block } = batch;
  const records = (): Uint8Array => block.subarray(0, recordWord * 4 + batch.capacity * recordStride);
  const payloads = (): Uint8Array[] => Array.from({ length: count }, (_, index) => batch.payload(index));
  const before = [records(), ...payloads()].map((bytes) => bytes.slice());
  return () => {
    const after = batch.count === count ? [records(), ...payloads()] : [];
    const changed = before.findIndex((bytes, index) => !sameBytes(bytes, after[index]));
    if (changed < 0) return;
    const what = changed === 0 ? "header or records" : `payload of event ${changed - 1}`;
    throw broken(`${what} of the input changed`, "input that is only read");
  };
}

/** Whether both hold the same. */
export function sameBytes(one: Uint8Array, other: Uint8Array | undefined): boolean {
  if (other === undefined || one.byteLength !== other.byteLength) return false;
  return one.every((byte, index) => byte === other[index]);
}
