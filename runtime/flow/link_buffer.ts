/** A durable buffer on a link: events are on disk before whoever sent them is told that they arrived. @module */
import { emptyMetrics, type NodeMetrics } from "../connector/connector_metrics.ts";
import type { PartMetrics } from "../connector/contract.ts";
import { failEvent } from "../connector/batch_feeder.ts";
import { sleep, turn } from "../connector/sleep.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Batch } from "../data/batch.ts";
import { decodeEntry, entryOf } from "./buffer_entry.ts";
import { entriesOf, type PendingDelivery } from "./buffer_entries.ts";
import type { LinkBufferOptions } from "./link_buffer_options.ts";
import { type SetAside, setAsideOf, type StoredEntry } from "./buffer_store.ts";
import { BufferTail } from "./buffer_tail.ts";
import { type Consumer, type Delivery, Event, eventCount, eventsOf } from "./delivery.ts";
import { backOffOf } from "./guarded_link.ts";
import { Settlement } from "./settlement.ts";

/**
 * Bytes after which whoever sends waits for the commit: a turn in which a source stores more than is taken out makes a
 * backlog, and a backlog has to be read back from the file, though the taker would keep up.
 */
const GROUP_BYTES = 1 << 20;

/** Takes deliveries, stores them in groups, and hands them on in order. */
export class LinkBuffer implements Consumer {
  /** What it did so far: taken, delivered, set aside. */
  readonly metrics: NodeMetrics = emptyMetrics();
  readonly #options: LinkBufferOptions;
  readonly #wake = (): void => this.#changed();
  #pending: PendingDelivery[] = [];
  #pendingBytes = 0;
  #removed: number[] = [];
  /** Give back the places of delivered entries, once the file knows that they were. */
  #delivered: (() => void)[] = [];
  #retried: (StoredEntry & { readonly events: number })[] = [];
  #setAside: SetAside[] = [];
  /** Entries to deliver again, with their timers while they wait. */
  readonly #waiting = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #due: number[] = [];
  /** Entries whose wait begins with the next commit. */
  readonly #backingOff: { readonly id: number; readonly wait: number }[] = [];
  #committing: Promise<void> | undefined;
  #pumping: Promise<void>;
  /** Entries delivered and not yet noted as such, and those that wait to be delivered again. */
  #flying = 0;
  readonly #tail: BufferTail;
  #draining = false;
  /** Nothing is delivered again by this run. */
  #ended = false;
  #closed = false;
  #failure: CaissonError | undefined;
  #retries = 0;
  #aside = 0;
  #listeners: (() => void)[] = [];

  /** Starts handing on what an earlier run left behind. */
  constructor(options: LinkBufferOptions) {
    this.#options = options;
    const { store } = options;
    this.#tail = new BufferTail(store.newest, (after) => store.next(after));
    options.reading.addEventListener("abort", this.#wake);
    this.#pumping = this.#pump();
  }

  /** What ended it before its time; its events stay in the file. */
  get failure(): CaissonError | undefined {
    return this.#failure;
  }

  /** Takes a delivery; its events are settled when they are on disk. Full means: wait. */
  push(delivery: Delivery): void | Promise<void> {
    this.metrics.in += eventCount(delivery);
    this.metrics.batches++;
    if (this.#failure !== undefined) {
      // Nothing leaves the file any longer: whoever sends has to hear of it now, not when it is full.
      this.metrics.failed += eventCount(delivery);
      for (const event of eventsOf(delivery)) failEvent(event, this.#failure);
      return delivery.settlement.release();
    }
    // One that cannot be encoded fails, and the others go on.
    const entries = entriesOf(delivery, this.#options.codec, (event, error) => {
      this.metrics.failed++;
      failEvent(event, error);
      this.#options.onError(this.#asError(error));
    });
    for (const { data } of entries) this.#pendingBytes += data.byteLength;
    this.#pending.push({ delivery, entries });
    this.#commitSoon();
    if (this.#isFull) return this.#room();
    if (this.#pendingBytes >= GROUP_BYTES) return this.#committing;
  }

  get #isFull(): boolean {
    return this.#options.store.bytes + this.#pendingBytes >= this.#options.maxBytes;
  }

  async #room(): Promise<void> {
    const { reading } = this.#options;
    while (this.#isFull && !this.#closed && !reading.aborted) await this.#change();
  }

  /** One transaction for all that comes in one turn: a commit waits for the disk, however little it writes. */
  #commitSoon(): void {
    this.#committing ??= turn().then(() => {
      this.#committing = undefined;
      this.#commit();
    });
  }

  #commit(): void {
    if (this.#closed) return;
    const pending = this.#pending;
    const [removed, retried, setAside] = [this.#removed, this.#retried, this.#setAside];
    this.#pending = [];
    this.#pendingBytes = 0;
    const delivered = this.#delivered.splice(0);
    try {
      const appended = pending.flatMap(({ entries }) => entries);
      const ids = this.#options.store.commit({ appended, removed, retried, setAside });
      for (const [index, id] of ids.entries()) this.#tail.add({ id, attempts: 0, data: appended[index]!.data });
      this.#removed = [];
      this.#retried = [];
      this.#setAside = [];
    } catch (error) {
      // What was delivered is noted by the next commit; what could not be stored is the sender's again.
      for (const { delivery } of pending) {
        for (const event of eventsOf(delivery)) failEvent(event, error);
        this.metrics.failed += eventCount(delivery);
      }
      this.#options.onError(this.#asError(error));
    }
    for (const free of delivered) free();
    for (const { id, wait } of this.#backingOff.splice(0)) this.#backOff(id, wait);
    for (const { delivery } of pending) delivery.settlement.release();
    this.#changed();
  }

  async #pump(): Promise<void> {
    const { reading, retry, onError, onFailed } = this.#options;
    // Everything that this one feeds is there, but not everything beside it.
    await turn();
    let failures = 0;
    while (!this.#closed && !reading.aborted) {
      try {
        const next = this.#next();
        failures = 0;
        if (next === undefined) {
          if (this.#draining && this.#flying === 0 && this.#pending.length === 0) break;
          await this.#change();
          continue;
        }
        const pushing = this.#options.to.push(next);
        if (pushing !== undefined) await pushing;
      } catch (thrown) {
        const error = this.#asError(thrown);
        onError(error);
        if (++failures < retry.attempts) {
          await sleep(backOffOf(retry, failures), reading);
          continue;
        }
        this.#failure = error;
        onFailed?.(error);
        break;
      }
    }
    this.#ended = true;
    this.#changed();
  }

  /** What is to be delivered now, if anything is. */
  #next(): Delivery | undefined {
    const { inFlight, store } = this.#options;
    const again = this.#due[0];
    if (again === undefined && this.#flying >= inFlight) return undefined;
    const entry = again === undefined ? this.#tail.next() : store.get(again);
    if (again !== undefined) this.#due.shift();
    if (entry === undefined) {
      if (again !== undefined) this.#lost(again);
      return undefined;
    }
    const batch = decodeEntry(entry.data);
    if (batch === undefined) {
      if (again === undefined) this.#flying++;
      store.setDamaged(entry.id);
      this.#lost(entry.id);
      return undefined;
    }
    if (again === undefined) this.#flying++;
    return this.#deliveryOf(entry, batch);
  }

  /** Somebody else wrote to the file while the flow ran: told, and all other entries are delivered. */
  #lost(id: number): void {
    this.#flying--;
    this.#options.onError(
      new CaissonError("CAISSON_BUFFER_DAMAGED", {
        subject: this.#options.alias,
        found: `entry ${id}, which changed while the flow ran`,
        allowed: "a file that nobody else writes",
      }),
    );
    // The next one may be there already.
    queueMicrotask(() => this.#changed());
  }

  #deliveryOf({ id, attempts }: StoredEntry, batch: Batch): Delivery {
    const { codec } = this.#options;
    const { count } = batch;
    let freed = false;
    const free = (): void => {
      if (freed) return;
      freed = true;
      this.#flying--;
    };
    const settlement = new Settlement((failures) => {
      // Not before the commit: what is delivered and not noted in the file arrives twice when the process dies.
      if (failures.size === 0) this.#delivered.push(free);
      this.#settled(id, attempts + 1, count, failures, freed);
    }, () => {
      // A window keeps its verdicts open: waiting for them before the next entry could wait for ever.
      free();
      this.#changed();
    });
    return { batch, events: undefined, codec, settlement };
  }

  #settled(
    id: number,
    attempts: number,
    count: number,
    failures: ReadonlyMap<number, unknown>,
    freed: boolean,
  ): void {
    if (this.#closed) return;
    this.metrics.out += count - failures.size;
    if (failures.size === 0) this.#removed.push(id);
    else this.#failed(id, attempts, failures, freed);
    this.#commitSoon();
  }

  #failed(id: number, attempts: number, failures: ReadonlyMap<number, unknown>, freed: boolean): void {
    const { retry, store } = this.#options;
    // Not what was delivered: somebody may have written to it.
    const batch = decodeEntry(store.get(id)!.data)!;
    const failed = [...failures].sort(([a], [b]) => a - b);
    if (attempts >= retry.attempts) {
      if (freed) this.#flying++;
      this.#giveUp(id, attempts, batch, failed);
      return;
    }
    const data = entryOf(batch, failed.map(([index]) => index));
    this.#retried.push({ id, attempts, events: failed.length, data });
    if (freed) this.#flying++;
    if (this.#ended) {
      // Too late for this run: the next one delivers it.
      this.#flying--;
      return;
    }
    this.#retries += failed.length;
    this.#backingOff.push({ id, wait: backOffOf(retry, attempts) });
  }

  /** To the dead letter, and what it does not take into the table of the file. */
  #giveUp(id: number, attempts: number, batch: Batch, failed: readonly (readonly [number, unknown])[]): void {
    const { letters, codec } = this.#options;
    this.metrics.failed += failed.length;
    const done = (kept: typeof failed): void => {
      if (this.#closed) return;
      for (const [index, reason] of kept) this.#setAside.push(setAsideOf(batch, index, attempts, reason));
      this.#aside += kept.length;
      this.#removed.push(id);
      // Not before the commit, as with what is delivered.
      this.#delivered.push(() => this.#flying--);
      this.#commitSoon();
    };
    if (letters === undefined) return done(failed);
    letters.send(
      failed.map(([index, reason]) => ({ event: Event.raw(batch, index, codec), reason, attempts })),
      (lost) => done([...lost.keys()].map((at) => failed[at]!)),
    );
  }

  /** The wait begins when the file knows what is left of the entry: earlier, all of it would be delivered again. */
  #backOff(id: number, wait: number): void {
    if (this.#ended) {
      this.#flying--;
      return;
    }
    this.#waiting.set(
      id,
      setTimeout(() => {
        this.#waiting.delete(id);
        this.#due.push(id);
        this.#changed();
      }, wait),
    );
  }

  /** Hands on what is stored, unless the flow is stopping, then lets the taker drain. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#changed();
    await this.#pumping;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#flying -= this.#waiting.size + this.#due.length;
    this.#waiting.clear();
    this.#due.length = 0;
    while (this.#flying > 0 && !this.#closed) await this.#change();
    await this.#options.to.drain();
    // What a window let go of may have failed and be on its way to the dead letter.
    while (this.#flying > 0 && !this.#closed) await this.#change();
    while (this.#committing !== undefined) await this.#committing;
  }

  /** Numbers about the file and what is in it. */
  report(): PartMetrics {
    const { store } = this.#options;
    return { recovered: store.recovery, bytes: store.bytes, retried: this.#retries, setAside: this.#aside };
  }

  /** Writes what is left to write and lets go of the file; what was not delivered stays in it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#options.reading.removeEventListener("abort", this.#wake);
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#changed();
    this.#options.store.close();
    await this.#committing;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  #changed(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }

  #asError(error: unknown): CaissonError {
    if (error instanceof CaissonError) return error;
    return new CaissonError("CAISSON_BUFFER_FAILED", {
      subject: this.#options.alias,
      found: messageOf(error),
      cause: error,
    });
  }
}
