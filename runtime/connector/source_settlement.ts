/** Settlements of the batches of one source. @module */
import type { Batch } from "../data/batch.ts";
import { type Failures, Settlement } from "../flow/settlement.ts";
import type { BatchPool } from "./batch_pool.ts";
import type { CutChunks } from "./cut_chunks.ts";

/** The source's side of a settlement. */
export interface BatchKeeper {
  /** Verdicts of a batch that was read as it is. */
  judged(batch: Batch, failures: Failures): void;
  /** Takes back a batch. */
  give(pool: BatchPool, batch: Batch): void;
  /** Takes back a batch whose verdicts are open; returns the records they are about. */
  free(pool: BatchPool, batch: Batch): Batch;
}

/** Settles one batch of a source. An object with methods: it is made for every read, and functions would be four more. */
export class SourceSettlement extends Settlement {
  /** Its place in {@linkcode OpenSettlements}. */
  slot = -1;
  /** Events of the batch. */
  readonly count: number;
  readonly #open: OpenSettlements;
  readonly #keeper: BatchKeeper;
  readonly #pool: BatchPool;
  readonly #batch: Batch;
  readonly #cut: CutChunks | undefined;
  #records: Batch | undefined = undefined;

  /** Joins those without a verdict. `cut`: what the batch was cut from. */
  constructor(open: OpenSettlements, keeper: BatchKeeper, pool: BatchPool, batch: Batch, cut?: CutChunks) {
    super();
    this.#open = open;
    this.#keeper = keeper;
    this.#pool = pool;
    this.#batch = batch;
    this.#cut = cut;
    this.count = batch.count;
    open.add(this);
  }

  protected override settled(failures: Failures): void {
    this.#open.remove(this);
    const records = this.#records;
    if (this.#cut === undefined) this.#keeper.judged(records ?? this.#batch, failures);
    else this.#cut.judged(this.#batch, records ?? this.#batch, failures);
    if (records !== undefined) return;
    this.#cut?.unread();
    this.#keeper.give(this.#pool, this.#batch);
  }

  protected override freed(): void {
    this.#records = this.#keeper.free(this.#pool, this.#batch);
    this.#cut?.unread();
  }
}

/**
 * Settlements without a verdict. In an array, each knowing its place: a `Map` that is filled and emptied with every batch
 * replaces its table again and again, and once one table is old, each that followed it outlives its collection.
 */
export class OpenSettlements {
  readonly #open: SourceSettlement[] = [];

  /** One more. */
  add(settlement: SourceSettlement): void {
    settlement.slot = this.#open.push(settlement) - 1;
  }

  /** One has its verdict; the last takes its place. */
  remove(settlement: SourceSettlement): void {
    const last = this.#open.pop();
    if (last === undefined || last === settlement) return;
    this.#open[settlement.slot] = last;
    last.slot = settlement.slot;
  }

  /** Fails all of them. */
  abandon(reason: unknown): void {
    for (const settlement of [...this.#open]) settlement.abandon(settlement.count, reason);
  }
}
