/** A processor in native code: payloads it passes on stay where they are. @module */
import type { ProcessorFunctions } from "../../ffi/symbols.ts";
import type { CodecDirection, PartMetrics, ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import type { RecordScan } from "../data/batch_check.ts";
import { AGAIN, CODEC_DECODE, CODEC_ENCODE } from "../data/layout.ts";
import { callBlocking } from "./native_calls.ts";
import type { NativeInstance } from "./native_instance.ts";
import { fillAddresses, foreignSegment, validateFilled } from "./native_memory.ts";

/** The call a {@linkcode NativeProcessor} makes for each batch. */
export interface NativeWork {
  /** Its name in errors. */
  readonly name: "process" | "codec";
  /** On this thread; `undefined` when it may wait: then it is made on one of the pool. */
  readonly fast: ((batch: Uint8Array, out: Uint8Array) => number) | undefined;
  /** On a thread of the pool. */
  readonly blocking: (batch: Uint8Array, out: Uint8Array) => Promise<number>;
}

/** The call of a processor, preprocessor or postprocessor; `fast`: its interface has `CAISSON_INTERFACE_FAST`. */
export function processWork(
  { pointer, error }: NativeInstance,
  functions: ProcessorFunctions,
  fast: boolean,
): NativeWork {
  return {
    name: "process",
    fast: fast ? (batch, out) => functions.process(pointer, batch, out, error) : undefined,
    blocking: (batch, out) => functions.processNonblocking(pointer, batch, out, error),
  };
}

/** The call of a codec, one way. */
export function codecWork(
  { pointer, error, library }: NativeInstance,
  direction: CodecDirection,
  fast: boolean,
): NativeWork {
  const functions = library.codec;
  const way = direction === "decode" ? CODEC_DECODE : CODEC_ENCODE;
  return {
    name: "codec",
    fast: fast ? (batch, out) => functions.codec(pointer, way, batch, out, error) : undefined,
    blocking: (batch, out) => functions.codecNonblocking(pointer, way, batch, out, error),
  };
}

/** Drives one instance of a native processor, codec, preprocessor or postprocessor. */
export class NativeProcessor implements ProcessorPart {
  /** Most events it takes at once. */
  readonly maxEvents: number;
  readonly #instance: NativeInstance;
  readonly #work: NativeWork;
  readonly #scan: RecordScan | undefined;

  /** Takes over an open instance. */
  constructor(instance: NativeInstance, maxEvents: number, work: NativeWork) {
    this.#instance = instance;
    this.#work = work;
    this.maxEvents = maxEvents;
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
   * Lets the plugin fill `out`, and more behind it when it asks to be called again, from `batch`, then checks all of it.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_CALL`, `CAISSON_NATIVE_BATCH`, `CAISSON_NATIVE_STATE`
   */
  process(batch: Batch, out: Batch, more?: () => Batch): void | Promise<void> {
    const instance = this.#instance;
    instance.requireStarted(this.#work.name);
    fillAddresses(instance.library, batch);
    const { fast, blocking } = this.#work;
    if (fast === undefined) {
      this.#prepare(out);
      return instance.occupy(callBlocking(() => blocking(batch.block, out.block))).then((status) => {
        this.#take(batch, out, status);
        if (status === AGAIN && more !== undefined) return this.process(batch, more(), more);
      });
    }
    for (let into = out;; into = more!()) {
      this.#prepare(into);
      const status = fast(batch.block, into.block);
      this.#take(batch, into, status);
      if (status !== AGAIN || more === undefined) return;
    }
  }

  #prepare(out: Batch): void {
    // Segment 0 of a batch that was filled before may be memory of its input then.
    out.ownSegments();
    fillAddresses(this.#instance.library, out);
  }

  #take(batch: Batch, out: Batch, status: number): void {
    const { subject } = this.#instance;
    if (status < 0) {
      out.ownSegments();
      throw this.#instance.failure(this.#work.name, status);
    }
    try {
      if (out.segmentCount <= out.segmentCapacity) this.#adoptSegments(batch, out);
      validateFilled(out, subject, this.#work.name, this.#scan);
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
      const from = inputSegment(batch, address, out.segmentLength(index));
      if (from < 0) {
        throw foreignSegment(out, index, `${subject} ${this.#work.name}`);
      }
      out.setSegmentView(index, batch.hasSegmentView(from) ? batch.segmentView(from) : undefined);
    }
    out.resolveSegment = batch.resolveSegment;
  }

  /** Stops and closes the instance. */
  close(): Promise<void> {
    return this.#instance.close();
  }
}

/** Which segment of the input lies at an address and has so many bytes: two may begin at the same one. */
function inputSegment(batch: Batch, address: number, length: number): number {
  const count = batch.segmentCount;
  for (let at = 0; at < count; at++) {
    if (batch.segmentAddress(at) === address && batch.segmentLength(at) >= length) return at;
  }
  return -1;
}
