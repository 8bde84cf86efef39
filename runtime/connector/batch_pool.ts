/** Batches a source fills, reused as they are settled. @module */
import { Batch, type BatchOptions } from "../data/batch.ts";

/** Keeps at most `limit` batches in flight; a source waits when all are. */
export class BatchPool {
  readonly #options: BatchOptions;
  readonly #limit: number;
  readonly #free: Batch[] = [];
  #made = 0;
  #nextId = 1;
  #waiting: (() => void) | undefined;

  /** Makes batches on demand. */
  constructor(options: BatchOptions, limit: number) {
    this.#options = options;
    this.#limit = limit;
  }

  /** Batches in flight. */
  get inFlight(): number {
    return this.#made - this.#free.length;
  }

  /** An empty batch, or `undefined` while all are in flight. */
  take(): Batch | undefined {
    const free = this.#free.pop();
    if (free === undefined && this.#made >= this.#limit) return undefined;
    return this.#ready(free ?? this.#make());
  }

  /** An empty batch, beyond the limit if need be: one chunk may hold more events than a batch. */
  takeExtra(): Batch {
    return this.#ready(this.#free.pop() ?? this.#make());
  }

  #make(): Batch {
    this.#made++;
    return Batch.allocate(this.#options);
  }

  #ready(batch: Batch): Batch {
    batch.clear();
    batch.id = this.#nextId++;
    return batch;
  }

  /** Gives a batch back after its settlement. */
  give(batch: Batch): void {
    if (this.#made > this.#limit) this.#made--;
    else this.#free.push(batch);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /** Takes a batch out of the count for good: its events wait for a verdict somewhere, and another batch may be read. */
  detach(): void {
    this.#made--;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /** Resolves when a batch has been given back; for one waiter. */
  returned(): Promise<void> {
    return new Promise((resolve) => this.#waiting = resolve);
  }
}
