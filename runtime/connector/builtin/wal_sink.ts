/** The sink `wal`: an event is acked when it is on disk. @module */
import type { Batch } from "../../data/batch.ts";
import { entriesOfBatch } from "../../flow/buffer_entries.ts";
import type { BatchSinkPart, PartContext, PartMetrics } from "../contract.ts";
import { WalQueue } from "./wal_queue.ts";

/** Appends to the queue; while that is full, it waits. */
export class WalSink implements BatchSinkPart {
  /** Bytes as they are. */
  readonly accepts = "batches";
  /** How events lie in the file when the flow names none. */
  readonly codec = "json";
  /** Most events of an entry. */
  readonly maxEvents = 1024;
  /** One commit for several batches. */
  readonly inFlight = 8;
  readonly #context: PartContext;
  #queue: WalQueue | undefined;
  #written = 0;

  /** Opens nothing before {@linkcode WalSink.connect}. */
  constructor(context: PartContext) {
    this.#context = context;
  }

  /** Opens or makes the file. @throws {CaissonError} as {@linkcode WalQueue.hold} does */
  connect(): void {
    this.#queue ??= WalQueue.hold(this.#context);
  }

  /** Resolves when every event is on disk. @throws {CaissonError} `CAISSON_BUFFER_FAILED` */
  async write(batch: Batch): Promise<void> {
    const queue = this.#queue!;
    const { signal } = this.#context;
    if (this.#isFull(queue)) {
      const wake = (): void => queue.changed();
      signal.addEventListener("abort", wake);
      while (this.#isFull(queue) && !signal.aborted) await queue.change();
      signal.removeEventListener("abort", wake);
      signal.throwIfAborted();
    }
    await queue.append(entriesOfBatch(batch));
    this.#written += batch.count;
  }

  #isFull({ store }: WalQueue): boolean {
    return store.bytes >= (this.#context.config["max_bytes"] as number);
  }

  /** Numbers about the file and what came into it. */
  metrics(): PartMetrics {
    const store = this.#queue?.store;
    return { written: this.#written, recovered: store?.recovery, bytes: store?.bytes };
  }

  /** Lets go of the queue. */
  close(): void {
    const queue = this.#queue;
    this.#queue = undefined;
    queue?.release();
  }
}
