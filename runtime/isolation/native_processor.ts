/** A processor in native code: payloads it passes on stay where they are. @module */
import type { ProcessorFunctions } from "../../ffi/symbols.ts";
import type { PartMetrics, ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import type { RecordScan } from "../data/batch_check.ts";
import { callBlocking } from "./native_calls.ts";
import type { NativeInstance } from "./native_instance.ts";
import { fillAddresses, foreignSegment, validateFilled } from "./native_memory.ts";

/** Drives one instance of a native processor. */
export class NativeProcessor implements ProcessorPart {
  /** Most events it takes at once. */
  readonly maxEvents: number;
  readonly #instance: NativeInstance;
  readonly #functions: ProcessorFunctions;
  readonly #fast: boolean;
  readonly #scan: RecordScan | undefined;

  /** Takes over an open instance; `fast`: its interface has `CAISSON_INTERFACE_FAST`. */
  constructor(instance: NativeInstance, maxEvents: number, fast: boolean) {
    this.#instance = instance;
    this.#functions = instance.library.processor;
    this.maxEvents = maxEvents;
    this.#fast = fast;
    this.#scan = instance.library.scanRecords;
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
   * Lets the plugin fill `out` from `batch`, then checks all of it.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_CALL`, `CAISSON_NATIVE_BATCH`, `CAISSON_NATIVE_STATE`
   */
  process(batch: Batch, out: Batch): void | Promise<void> {
    const instance = this.#instance;
    const { library, pointer, error } = instance;
    instance.requireStarted("process");
    // Segment 0 of a batch that was filled before may be memory of its input then.
    out.ownSegments();
    fillAddresses(library, batch);
    fillAddresses(library, out);
    if (this.#fast) {
      return this.#take(batch, out, this.#functions.process(pointer, batch.block, out.block, error));
    }
    return instance.occupy(
      callBlocking(() => this.#functions.processNonblocking(pointer, batch.block, out.block, error)),
    ).then((status) => this.#take(batch, out, status));
  }

  #take(batch: Batch, out: Batch, status: number): void {
    const { subject } = this.#instance;
    if (status < 0) {
      out.ownSegments();
      throw this.#instance.failure("process", status);
    }
    try {
      if (out.segmentCount <= out.segmentCapacity) this.#adoptSegments(batch, out);
      validateFilled(out, subject, "process", this.#scan);
    } catch (refused) {
      out.ownSegments();
      throw refused;
    }
  }

  /** Every segment of the output is its own arena or one of the input's; processors lend nothing. */
  #adoptSegments(batch: Batch, out: Batch): void {
    const { subject } = this.#instance;
    for (let index = 0; index < out.segmentCount; index++) {
      // The address was written, and so known, before the call; without an arena both are 0.
      if (index === 0 && out.liesInArena(0)) continue;
      const address = out.segmentAddress(index);
      const from = this.#inputSegment(batch, address, index);
      if (from < 0 || out.segmentLength(index) > batch.segmentLength(from)) {
        throw foreignSegment(out, index, `${subject} process`);
      }
      out.setSegmentView(index, batch.hasSegmentView(from) ? batch.segmentView(from) : undefined);
    }
    out.resolveSegment = batch.resolveSegment;
  }

  /** Which segment of the input lies at an address: most often the one of the same number. */
  #inputSegment(batch: Batch, address: number, index: number): number {
    const count = batch.segmentCount;
    if (index < count && batch.segmentAddress(index) === address) return index;
    for (let at = 0; at < count; at++) {
      if (batch.segmentAddress(at) === address) return at;
    }
    return -1;
  }

  /** Stops and closes the instance. */
  close(): Promise<void> {
    return this.#instance.close();
  }
}
