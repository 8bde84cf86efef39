/** The queue behind the connector `wal`: its sink appends, its source takes, both in one file. @module */
import { CaissonError, messageOf } from "../../errors/caisson_error.ts";
import { type BufferChanges, BufferStore, type SetAside, type StoredEntry } from "../../flow/buffer_store.ts";
import type { PartContext } from "../contract.ts";
import { turn } from "../sleep.ts";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One file with everything that changes in it in one turn of the event loop. */
export class WalQueue {
  /** The file. */
  readonly store: BufferStore;
  readonly #forget: () => void;
  readonly #tell: (problem: string) => void;
  #holders = 0;
  #appended: BufferChanges["appended"][number][] = [];
  #appending: Waiter[] = [];
  #removed: number[] = [];
  #retried: (StoredEntry & { readonly events: number })[] = [];
  #setAside: SetAside[] = [];
  #committed: (() => void)[] = [];
  #committing = false;
  #listeners: (() => void)[] = [];

  /**
   * Gives the queue of a connector, opened by whichever end comes first.
   *
   * @throws {CaissonError} as {@linkcode BufferStore} does
   */
  static hold({ alias, config, shared, log }: PartContext): WalQueue {
    let queue = shared?.get("wal") as WalQueue | undefined;
    if (queue === undefined) {
      const store = new BufferStore(alias, config["path"] as string, config["sync"] as "full" | "normal");
      queue = new WalQueue(store, () => shared?.delete("wal"), (problem) => log("error", problem));
      shared?.set("wal", queue);
      const { events, damaged, entries, setAside } = store.recovery;
      if (damaged > 0) {
        const { message } = new CaissonError("CAISSON_BUFFER_DAMAGED", {
          subject: alias,
          found: `${config["path"]}: ${damaged} of ${damaged + entries} entries`,
        });
        log("warning", message);
      }
      if (events + setAside > 0) log("info", `${alias}: found ${events} events to deliver and ${setAside} set aside`);
    }
    queue.#holders++;
    return queue;
  }

  /** Use {@linkcode WalQueue.hold}. */
  constructor(store: BufferStore, forget: () => void, tell: (problem: string) => void) {
    this.#tell = tell;
    this.store = store;
    this.#forget = forget;
  }

  /** Writes entries; resolves when they are on disk, together with all others of this turn. */
  append(entries: BufferChanges["appended"]): Promise<void> {
    this.#appended.push(...entries);
    this.#commitSoon();
    return new Promise((resolve, reject) => this.#appending.push({ resolve, reject }));
  }

  /** Takes an entry out that was delivered, or given up with what is set aside of it. */
  remove(id: number, setAside: readonly SetAside[] = []): void {
    this.#removed.push(id);
    this.#setAside.push(...setAside);
    this.#commitSoon();
  }

  /** Leaves of an entry what is still to be delivered; `committed` is called when the file knows. */
  retry(entry: StoredEntry & { readonly events: number }, committed: () => void): void {
    this.#retried.push(entry);
    this.#committed.push(committed);
    this.#commitSoon();
  }

  #commitSoon(): void {
    if (this.#committing) return;
    this.#committing = true;
    void turn().then(() => {
      this.#committing = false;
      if (this.#holders > 0) this.#commit();
    });
  }

  #commit(): void {
    const appending = this.#appending.splice(0);
    const appended = this.#appended.splice(0);
    const [removed, retried, setAside] = [this.#removed, this.#retried, this.#setAside];
    try {
      this.store.commit({ appended, removed, retried, setAside });
    } catch (error) {
      // What was delivered is noted by the next commit; only senders are waiting for an answer.
      this.#tell(messageOf(error));
      for (const { reject } of appending) reject(error);
      return;
    }
    this.#removed = [];
    this.#retried = [];
    this.#setAside = [];
    for (const { resolve } of appending) resolve();
    for (const committed of this.#committed.splice(0)) committed();
    this.changed();
  }

  /** Resolves with the next commit, or when it is closed. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  /** Wakes who waits for a change. */
  changed(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /**
   * One end is done; the last one writes what is left and closes the file. What could not be written is told, and arrives
   * again.
   */
  release(): void {
    if (--this.#holders > 0) return;
    this.#forget();
    if (this.#removed.length + this.#retried.length + this.#appended.length > 0) this.#commit();
    this.changed();
    this.store.close();
  }
}
