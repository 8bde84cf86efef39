/** A source in native code: polled on the host's thread, payloads where the plugin left them. @module */
import type { SourceFunctions } from "../../ffi/symbols.ts";
import type { PartMetrics, PollResult, SourcePart } from "../connector/contract.ts";
import { Batch } from "../data/batch.ts";
import type { RecordScan } from "../data/batch_check.ts";
import { AGAIN, CLASS_TRANSIENT, E_INTERRUPTED, EOF, RETRY, SEGMENT_LENT } from "../data/layout.ts";
import type { NativeInstance } from "./native_instance.ts";
import { addressOf, fillAddresses, foreignSegment, LentViews, validateFilled } from "./native_memory.ts";

const FILLED: PollResult = { state: "filled" };
const IDLE: PollResult = { state: "idle", retryAfterMs: 0 };
const ENDED: PollResult = { state: "ended" };

/** Drives one instance of a native source. */
export class NativeSource implements SourcePart {
  readonly produces = "events";
  readonly #instance: NativeInstance;
  readonly #functions: SourceFunctions;
  readonly #memoryAddress: number;
  /** Batches that hold memory of the plugin, with the views made of it. */
  readonly #lent = new Map<Batch, LentViews>();
  readonly #views = new WeakMap<Batch, LentViews>();
  readonly #scan: RecordScan | undefined;
  #settled: Batch | undefined;

  /** Takes over an open instance. */
  constructor(instance: NativeInstance) {
    this.#instance = instance;
    this.#functions = instance.library.source;
    this.#scan = instance.library.scanRecords;
    this.#memoryAddress = instance.memory === undefined ? 0 : addressOf(instance.library, instance.memory);
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
   * Lets the plugin fill the batch, then checks all of it. When it has nothing, this waits until it rings, for at most a
   * second.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_CALL`, `CAISSON_NATIVE_BATCH`, `CAISSON_NATIVE_STATE`
   */
  poll(batch: Batch, max: number): PollResult | Promise<PollResult> {
    const instance = this.#instance;
    const seen = instance.signals.posted;
    instance.requireStarted("poll");
    fillAddresses(instance.library, batch);
    const status = this.#functions.poll(instance.pointer, batch.block, max, instance.error);
    // What was read before an interrupt has left its origin: dropping it would lose it.
    if (status < 0 && !(status === E_INTERRUPTED && batch.count > 0)) {
      batch.clear();
      throw instance.failure("poll", status);
    }
    if (batch.segmentCount > 1 || batch.count > 0) this.#adopt(batch);
    if (status === AGAIN && batch.count === 0) return this.#await(batch, max, seen);
    instance.signals.foundWork();
    return status === EOF ? ENDED : FILLED;
  }

  async #await(batch: Batch, max: number, seen: number): Promise<PollResult> {
    const rung = await this.#instance.signals.sleep({ seen, signal: this.#instance.signal });
    return rung && this.#instance.started ? await this.poll(batch, max) : IDLE;
  }

  /** Finds out which memory the plugin used, and checks every record against it. */
  #adopt(batch: Batch): void {
    try {
      // A damaged count would send the loop past the table.
      if (batch.segmentCount <= batch.segmentCapacity) this.#adoptSegments(batch);
      validateFilled(batch, this.#instance.subject, "poll", this.#scan);
    } catch (refused) {
      this.#giveBack(batch);
      batch.ownSegments();
      throw refused;
    }
    // Nobody settles a batch without events.
    if (batch.count === 0) this.#giveBack(batch);
  }

  #adoptSegments(batch: Batch): void {
    const { memory, subject } = this.#instance;
    // The address was written, and so known, before the call.
    if (batch.arena.byteLength > 0 && !batch.liesInArena(0)) {
      throw foreignSegment(batch, 0, `${subject} poll`);
    }
    for (let index = 1; index < batch.segmentCount; index++) {
      const length = batch.segmentLength(index);
      if ((batch.segmentFlags(index) & SEGMENT_LENT) !== 0) {
        this.#lend(batch);
        continue;
      }
      const offset = batch.segmentAddress(index) - this.#memoryAddress;
      if (memory === undefined || offset < 0 || offset + length > memory.byteLength) {
        throw foreignSegment(batch, index, `${subject} poll`);
      }
      const whole = offset === 0 && length === memory.byteLength;
      batch.setSegmentView(index, whole ? memory : memory.subarray(offset, offset + length));
    }
  }

  #lend(batch: Batch): void {
    if (this.#lent.has(batch)) return;
    let views = this.#views.get(batch);
    if (views === undefined) {
      views = new LentViews(this.#instance.library);
      this.#views.set(batch, views);
    }
    this.#lent.set(batch, views);
    batch.resolveSegment = views.resolve;
  }

  /** Tells the plugin what became of a batch, then gives back what it lent with it. */
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    const { settle } = this.#functions;
    const instance = this.#instance;
    if (settle !== null && instance.started) {
      const settled = this.#verdicts(batch, failures);
      const status = settle(instance.pointer, settled.block, instance.error);
      this.#giveBack(batch);
      if (status < 0) throw instance.failure("settle", status);
      return;
    }
    this.#giveBack(batch);
  }

  #verdicts(batch: Batch, failures: ReadonlyMap<number, unknown>): Batch {
    const { capacity } = batch;
    if (this.#settled === undefined || this.#settled.capacity < capacity) {
      this.#settled = Batch.allocate({ capacity, arenaBytes: 0, segments: 1 });
    }
    const settled = this.#settled;
    settled.clear();
    settled.id = batch.id;
    settled.count = batch.count;
    for (const index of failures.keys()) {
      settled.addVerdict({ index, action: RETRY, failureClass: CLASS_TRANSIENT, code: 0, retryAfterMs: 0 });
    }
    return settled;
  }

  #giveBack(batch: Batch): void {
    const views = this.#lent.get(batch);
    if (views === undefined) return;
    this.#lent.delete(batch);
    views.revoke();
    batch.resolveSegment = undefined;
    const { release } = this.#instance.library.common;
    release?.(this.#instance.pointer, batch.block);
  }

  /** Takes away every view of lent memory, then stops and closes the instance. */
  close(): Promise<void> {
    for (const batch of [...this.#lent.keys()]) this.#giveBack(batch);
    return this.#instance.close();
  }
}
