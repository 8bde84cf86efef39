/** A sink in native code: called on the host's thread when it promises to be fast, else on a pool thread. @module */
import type { SinkFunctions } from "../../ffi/symbols.ts";
import type { BatchSinkPart, PartMetrics, WriteResult } from "../connector/contract.ts";
import { Batch, type VerdictEntry } from "../data/batch.ts";
import { ACK, AGAIN, BATCH_OVERFLOW, DROP, PENDING, RETRY } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { callBlocking } from "./native_calls.ts";
import type { NativeInstance } from "./native_instance.ts";
import { fillAddresses } from "./native_memory.ts";

/** A batch the plugin keeps until it judges it. */
interface Waiting {
  readonly count: number;
  /** Referred to for as long as the plugin reads it, so that it is not collected. */
  readonly batch: Batch;
  /** When its verdicts are due, `performance.now()`. */
  readonly due: number;
  readonly resolve: (result: void | WriteResult) => void;
  readonly reject: (reason: unknown) => void;
  /** Resolves when it has been judged, or was failed. */
  readonly settled: Promise<void>;
}

/** Drives one instance of a native sink. */
export class NativeSink implements BatchSinkPart {
  readonly accepts = "batches";
  /** Most events it takes at once. */
  readonly maxEvents: number;
  readonly #instance: NativeInstance;
  readonly #functions: SinkFunctions;
  readonly #fast: boolean;
  readonly #pending = new Map<number, Waiting>();
  #verdicts: Batch | undefined;
  #watching: Promise<void> | undefined;
  #closed = false;

  /** Takes over an open instance; `fast`: its interface has `CAISSON_INTERFACE_FAST`. */
  constructor(instance: NativeInstance, maxEvents: number, fast: boolean) {
    this.#instance = instance;
    this.#functions = instance.library.sink;
    this.maxEvents = maxEvents;
    this.#fast = fast;
  }

  /** Starts the instance, again after a loss. */
  connect(): Promise<void> {
    return this.#instance.start();
  }

  /** What the plugin says about itself. */
  metrics(): PartMetrics {
    return this.#instance.metrics();
  }

  /**
   * Writes a batch.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_CALL`, `CAISSON_NATIVE_BATCH`, `CAISSON_NATIVE_STATE`
   */
  write(batch: Batch): void | WriteResult | Promise<void | WriteResult> {
    const instance = this.#instance;
    instance.requireStarted("write");
    if (this.#pending.has(batch.id)) return this.#writeAfter(batch);
    fillAddresses(instance.library, batch);
    const verdicts = this.#verdictBlock(batch.capacity);
    if (this.#fast) {
      return this.#judge(
        batch,
        verdicts,
        this.#functions.write(instance.pointer, batch.block, verdicts.block, instance.error),
      );
    }
    return instance.occupy(
      callBlocking(() =>
        this.#functions.writeNonblocking(instance.pointer, batch.block, verdicts.block, instance.error)
      ),
    ).then((status) => this.#judge(batch, verdicts, status));
  }

  /** Batches of two producers may have one number; a plugin that holds one must not be given the other. */
  async #writeAfter(batch: Batch): Promise<void | WriteResult> {
    for (let other = this.#pending.get(batch.id); other !== undefined; other = this.#pending.get(batch.id)) {
      await other.settled;
    }
    return await this.write(batch);
  }

  #verdictBlock(capacity: number): Batch {
    if (this.#verdicts === undefined || this.#verdicts.capacity < capacity) {
      this.#verdicts = Batch.allocate({ capacity, arenaBytes: 0, segments: 1 });
    }
    const verdicts = this.#verdicts;
    verdicts.clear();
    return verdicts;
  }

  #judge(batch: Batch, verdicts: Batch, status: number): void | WriteResult | Promise<void | WriteResult> {
    if (status < 0) throw this.#instance.failure("write", status);
    if (status !== PENDING) return this.#result(verdicts, batch.count);
    const { promise, resolve, reject } = Promise.withResolvers<void | WriteResult>();
    this.#pending.set(batch.id, {
      count: batch.count,
      batch,
      due: performance.now() + this.#instance.pendingMs,
      resolve,
      reject,
      settled: promise.then(() => {}, () => {}),
    });
    this.#await();
    return promise;
  }

  /** What the verdict block says; nothing when every event was acked. */
  #result(verdicts: Batch, count: number): void | WriteResult {
    const listed = verdicts.verdictCount;
    const overflowed = (verdicts.flags & BATCH_OVERFLOW) !== 0;
    const rest = overflowed ? RETRY : verdicts.verdictDefault;
    if (listed === 0 && rest === ACK) return;
    if (listed > verdicts.capacity || rest > DROP) throw this.#badVerdicts(`${listed} verdicts, default ${rest}`);
    const entries = new Map<number, VerdictEntry>();
    for (let at = 0; at < listed; at++) {
      const entry = verdicts.verdict(at);
      if (entry.index >= count || entry.action > DROP) {
        throw this.#badVerdicts(`action ${entry.action} on event ${entry.index} of ${count}`);
      }
      entries.set(entry.index, entry);
    }
    if (rest !== ACK) {
      for (let index = 0; index < count; index++) {
        if (!entries.has(index)) {
          entries.set(index, { index, action: rest, failureClass: 0, code: 0, retryAfterMs: 0 });
        }
      }
    }
    const failed = [...entries.values()].filter(({ action }) => action !== ACK && action !== DROP);
    return failed.length === 0 ? undefined : { verdicts: failed };
  }

  #badVerdicts(found: string): CaissonError {
    return new CaissonError("CAISSON_NATIVE_BATCH", {
      subject: `${this.#instance.subject} verdicts`,
      found,
      allowed: "verdicts on events of the batch: ACK, RETRY, DEADLETTER, DROP",
    });
  }

  /** Waits for verdicts while batches are pending; one such wait for the whole instance. */
  #await(): void {
    this.#watching ??= this.#watch().finally(() => {
      this.#watching = undefined;
      // One more came while the last wait was ending.
      if (this.#pending.size > 0 && !this.#closed) this.#await();
    });
  }

  async #watch(): Promise<void> {
    const instance = this.#instance;
    while (this.#pending.size > 0 && !this.#closed) {
      const seen = instance.signals.posted;
      const before = this.#pending.size;
      // A write on a pool thread must not be overlapped.
      if (instance.busy) await instance.idle();
      if (instance.started) this.#pollPending();
      const oldest = Math.min(...[...this.#pending.values()].map(({ due }) => due));
      if (oldest <= performance.now()) return await this.#giveUp();
      if (this.#pending.size === before) await instance.signals.sleep({ seen, atMostMs: oldest - performance.now() });
      else instance.signals.foundWork();
    }
  }

  /** The plugin has had its time: only a stopped one is sure to use the batches no more. */
  async #giveUp(): Promise<void> {
    const { subject, pendingMs } = this.#instance;
    let cause: unknown;
    try {
      await this.#instance.halt();
    } catch (failed) {
      cause = failed;
    }
    this.#failPending(
      new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
        subject: `${subject} verdicts`,
        found: `a batch was pending for ${pendingMs} ms`,
        cause,
      }),
    );
  }

  #pollPending(): void {
    const { poll } = this.#functions;
    const instance = this.#instance;
    if (poll === null) return this.#failPending(this.#protocol("caisson_sink_poll_1 is not there"));
    while (this.#pending.size > 0) {
      const verdicts = this.#verdictBlock(1);
      const status = poll(instance.pointer, verdicts.block, instance.error);
      if (status === AGAIN) return;
      if (status < 0) return this.#failPending(instance.failure("sink_poll", status));
      const waiting = this.#pending.get(verdicts.id);
      if (waiting === undefined) return this.#failPending(this.#protocol(`verdicts on batch ${verdicts.id}`));
      this.#pending.delete(verdicts.id);
      try {
        waiting.resolve(this.#result(verdicts, waiting.count));
      } catch (bad) {
        waiting.reject(bad);
      }
    }
  }

  #protocol(found: string): CaissonError {
    return new CaissonError("CAISSON_PLUGIN_PROTOCOL", {
      subject: this.#instance.subject,
      found: `write was answered with PENDING, but ${found}`,
      allowed: "verdicts on every pending batch, through caisson_sink_poll_1",
    });
  }

  #failPending(reason: CaissonError): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(reason);
  }

  /** Takes verdicts that are there, stops and closes the instance, then fails what is still pending. */
  async close(): Promise<void> {
    this.#closed = true;
    const { subject } = this.#instance;
    if (this.#pending.size > 0 && this.#instance.started && !this.#instance.busy) this.#pollPending();
    try {
      await this.#instance.close();
    } finally {
      // Not before: until it has stopped, the plugin may read what the host would use again.
      this.#failPending(
        new CaissonError("CAISSON_NATIVE_STATE", { subject, found: "closed before it judged a pending batch" }),
      );
      await this.#watching;
    }
  }
}
