/** The sink `null`: takes everything and keeps nothing. @module */
import type { Batch } from "../../data/batch.ts";
import type { BatchSinkPart } from "../contract.ts";

/** Acks every event without a look at it. */
export class NullSink implements BatchSinkPart {
  /** Whole batches, as they are. */
  readonly accepts = "batches";
  /** No limit of its own. */
  readonly maxEvents = 65_536;
  #events = 0;

  /** Counts the events. */
  write(batch: Batch): void {
    this.#events += batch.count;
  }

  /** Events so far. */
  metrics(): { events: number } {
    return { events: this.#events };
  }

  /** Nothing to free. */
  close(): void {}
}
