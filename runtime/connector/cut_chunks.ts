/** One batch of chunks and the batches of events that were cut from it. @module */
import type { Batch } from "../data/batch.ts";
import type { Failures } from "../flow/settlement.ts";
import { type CompletedChunks, type HeldChunk, settleVanished, settleWith } from "./held_chunks.ts";

/** The source's side. */
export interface ChunkKeeper {
  /** Events failed. */
  failed(events: number): void;
  /** Takes back chunks nobody reads any longer though verdicts are open; returns their records. */
  freeChunks(chunks: Batch): Batch;
  /** Every event of the chunks has its verdict; `isFree` when their memory was taken back before. */
  settleChunks(chunks: Batch, failures: Failures, isFree: boolean): void;
}

const NONE: Failures = new Map();

/** Counts the verdicts of what was cut, and settles the chunks when none is open. */
export class CutChunks {
  readonly #keeper: ChunkKeeper;
  readonly #chunks: Batch | undefined;
  readonly #completed: readonly CompletedChunks[];
  readonly #onSettled: ((failures: Failures) => void) | undefined;
  #failures: Map<number, unknown> | undefined = undefined;
  #records: Batch | undefined = undefined;
  /** Batches and held chunks without a verdict. */
  #open: number;
  /** Batches somebody reads. */
  #unread: number;

  /**
   * Waits for the verdicts of everything that was cut. Made for every read: one object of options more would be a third of it.
   *
   * @param chunks what was read; `undefined` for what the end of streams flushed
   * @param batches batches of events cut from it
   * @param opened chunks whose last bytes wait for what follows
   * @param completed earlier chunks that waited for one of these events
   * @param onSettled told in place of the source when there are no chunks
   */
  constructor(
    keeper: ChunkKeeper,
    chunks: Batch | undefined,
    batches: number,
    opened: readonly HeldChunk[],
    completed: readonly CompletedChunks[],
    onSettled: ((failures: Failures) => void) | undefined,
  ) {
    this.#keeper = keeper;
    this.#chunks = chunks;
    this.#completed = completed;
    this.#onSettled = onSettled;
    this.#unread = batches;
    this.#open = batches + opened.length;
    for (const held of opened) {
      held.settle = (failure) => {
        if (failure !== undefined) this.fail(held.chunk, failure.reason);
        this.#close();
      };
    }
  }

  /** A chunk has failed, or an event of it. */
  fail(chunk: number, reason: unknown): void {
    (this.#failures ??= new Map()).set(chunk, reason);
  }

  /** Settles what nothing was cut from; call it once, when everything that failed by itself was told. */
  begin(): void {
    const isSettled = this.#open === 0;
    settleVanished(this.#completed);
    if (isSettled) this.#settle();
    else if (this.#unread === 0 && this.#open > 0) this.#free();
  }

  /** Verdicts of one of its batches; `records` may be a copy. */
  judged(batch: Batch, records: Batch, failures: Failures): void {
    if (failures.size > 0) {
      this.#keeper.failed(failures.size);
      for (const [index, reason] of failures) this.fail(records.sequence(index), reason);
    }
    if (this.#completed.length > 0) settleWith(this.#completed, batch, failures);
    this.#close();
  }

  /** Nobody reads one of its batches any longer. */
  unread(): void {
    if (--this.#unread === 0 && this.#open > 0) this.#free();
  }

  #close(): void {
    if (--this.#open === 0) this.#settle();
  }

  #settle(): void {
    const failures = this.#failures ?? NONE;
    if (this.#chunks === undefined) this.#onSettled?.(failures);
    else this.#keeper.settleChunks(this.#records ?? this.#chunks, failures, this.#records !== undefined);
  }

  #free(): void {
    if (this.#chunks !== undefined) this.#records = this.#keeper.freeChunks(this.#chunks);
  }
}
