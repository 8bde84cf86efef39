/** The source `wal`: takes events out of the queue when they were delivered. @module */
import type { Batch } from "../../data/batch.ts";
import { decodeEntry, entryOf } from "../../flow/buffer_entry.ts";
import { setAsideOf, type StoredEntry } from "../../flow/buffer_store.ts";
import type { PartContext, PartMetrics, PollResult, SourcePart } from "../contract.ts";
import { WalQueue } from "./wal_queue.ts";

const FILLED: PollResult = { state: "filled" };
const ENDED: PollResult = { state: "ended" };
/** Events have the number of their entry times this, plus their place in it. */
const PLACES = 2048;

/** An entry that is on its way. */
interface Open {
  readonly entry: StoredEntry;
  readonly events: Batch;
  /** Events that are not settled yet. */
  left: number;
  readonly failed: Map<number, unknown>;
}

/** Gives entries in order; what failed is given again later. */
export class WalSource implements SourcePart {
  /** One record, one event. */
  readonly produces = "events";
  /** What the sink writes when the flow names none. */
  readonly codec = "json";
  /** Only sequences are looked at. */
  readonly settlesCopies = true;
  readonly #context: PartContext;
  readonly #open = new Map<number, Open>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #due: number[] = [];
  /** Entries that failed and are not due yet. */
  #waiting = 0;
  readonly #wake = (): void => this.#queue?.changed();
  #queue: WalQueue | undefined;
  #lastId = 0;
  /** The entry that did not fit into the last batch, and its next event. */
  #rest: { readonly open: Open; next: number } | undefined;
  #delivered = 0;
  #retried = 0;
  #setAside = 0;

  /** Opens nothing before {@linkcode WalSource.connect}. */
  constructor(context: PartContext) {
    this.#context = context;
    context.signal.addEventListener("abort", this.#wake);
  }

  /** Opens or makes the file. @throws {CaissonError} as {@linkcode WalQueue.hold} does */
  connect(): void {
    this.#queue ??= WalQueue.hold(this.#context);
  }

  /** Gives what there is, or waits for the next entry. */
  poll(batch: Batch, max: number): PollResult | Promise<PollResult> {
    while (batch.count < max) {
      const rest = this.#rest ??= this.#next();
      if (rest === undefined || !this.#give(batch, max, rest)) break;
      this.#rest = undefined;
    }
    if (batch.count > 0) return FILLED;
    if (this.#rest !== undefined) {
      this.#refuse(this.#rest);
      return FILLED;
    }
    const isEmpty = this.#open.size === 0 && this.#waiting === 0 && this.#due.length === 0;
    if (isEmpty && this.#context.config["when_empty"] === "end") return ENDED;
    return this.#context.signal.aborted ? FILLED : this.#queue!.change().then(() => FILLED);
  }

  #next(): { readonly open: Open; next: number } | undefined {
    const { store } = this.#queue!;
    const again = this.#due.shift();
    const entry = again === undefined ? store.next(this.#lastId) : store.get(again);
    if (entry === undefined) return undefined;
    if (again === undefined) this.#lastId = entry.id;
    const events = decodeEntry(entry.data);
    if (events === undefined) {
      this.#context.log("warning", `${this.#context.alias}: entry ${entry.id} changed while the flow ran`);
      store.setDamaged(entry.id);
      return this.#next();
    }
    const open: Open = { entry, events, left: events.count, failed: new Map() };
    this.#open.set(entry.id, open);
    return { open, next: 0 };
  }

  /** Whether all of the entry found room. */
  #give(batch: Batch, max: number, rest: { readonly open: Open; next: number }): boolean {
    const { entry, events } = rest.open;
    for (; rest.next < events.count; rest.next++) {
      if (batch.count === max || !batch.appendCopy(events, rest.next)) return false;
      batch.setSequence(batch.count - 1, entry.id * PLACES + rest.next);
    }
    return true;
  }

  /** An event that is larger than a whole batch can never be given. */
  #refuse(rest: { readonly open: Open; next: number }): void {
    const { open, next } = rest;
    this.#rest = next + 1 === open.events.count ? undefined : { open, next: next + 1 };
    this.#settleOne(open, next, `an event of ${open.events.copiedBytes(next)} bytes: raise batchBytes`, true);
  }

  /** Takes what was delivered out of the file. */
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    for (let index = 0; index < batch.count; index++) {
      const sequence = batch.sequence(index);
      const open = this.#open.get(Math.floor(sequence / PLACES));
      if (open === undefined) continue;
      this.#settleOne(open, sequence % PLACES, failures.get(index), failures.has(index));
    }
  }

  #settleOne(open: Open, place: number, reason: unknown, isFailed: boolean): void {
    if (isFailed) open.failed.set(place, reason);
    else this.#delivered++;
    if (--open.left > 0) return;
    const { entry: { id, attempts }, events, failed } = open;
    this.#open.delete(id);
    const queue = this.#queue;
    if (queue === undefined) return;
    if (failed.size === 0) return queue.remove(id);
    const { config } = this.#context;
    const tried = attempts + 1;
    if (tried >= (config["attempts"] as number)) {
      this.#setAside += failed.size;
      const aside = [...failed].map(([at, why]) => setAsideOf(events, at, tried, why));
      return queue.remove(id, aside);
    }
    const left = [...failed.keys()].sort((a, b) => a - b);
    this.#retried += left.length;
    this.#waiting++;
    // The wait begins when the file knows what is left of the entry: earlier, all of it would be given again.
    const again = { id, attempts: tried, events: left.length, data: entryOf(events, left) };
    queue.retry(again, () => this.#backOff(id, attempts));
  }

  #backOff(id: number, attempts: number): void {
    if (this.#queue === undefined) return;
    const { config } = this.#context;
    const wait = Math.min(
      config["max_interval_ms"] as number,
      (config["interval_ms"] as number) * 2 ** Math.min(attempts, 30),
    );
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#waiting--;
      this.#due.push(id);
      this.#wake();
    }, wait);
    this.#timers.add(timer);
  }

  /** Numbers about the file and what left it. */
  metrics(): PartMetrics {
    const store = this.#queue?.store;
    return {
      delivered: this.#delivered,
      retried: this.#retried,
      setAside: this.#setAside,
      recovered: store?.recovery,
      bytes: store?.bytes,
    };
  }

  /** Lets go of the queue; what is not delivered stays in it. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#context.signal.removeEventListener("abort", this.#wake);
    const queue = this.#queue;
    this.#queue = undefined;
    queue?.release();
  }
}
