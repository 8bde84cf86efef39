/** The runtime's own preprocessors or postprocessors behind one of a plugin, as a part that takes whole batches. @module */
import type { Codec, Emit } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { messageOf } from "../errors/caisson_error.ts";
import type { ProcessorPart } from "./contract.ts";

/** What preprocessors and postprocessors have in common. */
export interface LocalInterceptor {
  /** Takes one piece of the stream. */
  process(bytes: Uint8Array, emit: Emit, timestampMs?: number): void | Promise<void>;
  /** The stream has ended. */
  finish(emit: Emit): void | Promise<void>;
}

const encoder = new TextEncoder();

/** Where pieces go, and which input they are made of. */
interface Target {
  out: Batch;
  readonly more: () => Batch;
  readonly batch: Batch;
  origin: number;
}

/** Runs a chain in this process. Calls must not overlap. */
export class LocalStage implements Pick<ProcessorPart, "process" | "maxEvents"> {
  readonly maxEvents = 1024;
  readonly #chain: readonly LocalInterceptor[];
  readonly #skips: Codec["skips"];

  /** Takes the chain in order, and what tells payloads that hold no event. */
  constructor(chain: readonly LocalInterceptor[], skips?: Codec["skips"]) {
    this.#chain = chain;
    this.#skips = skips;
  }

  /** Passes each record through the chain; an empty batch ends the stream. */
  async process(batch: Batch, out: Batch, more: () => Batch): Promise<void> {
    const target: Target = { out, more, batch, origin: -1 };
    if (batch.count === 0) return await this.#finish(target);
    for (let index = 0; index < batch.count; index++) {
      target.origin = index;
      await this.#pass(batch.payload(index), 0, batch.timestampMs(index), target);
    }
  }

  async #finish(target: Target): Promise<void> {
    for (let stage = 0; stage < this.#chain.length; stage++) {
      await this.#collect((emit) => this.#chain[stage]!.finish(emit), stage, Date.now(), target);
    }
  }

  #pass(bytes: Uint8Array, stage: number, timestamp: number, target: Target): void | Promise<void> {
    const interceptor = this.#chain[stage];
    if (interceptor === undefined) return this.#append(bytes, target, timestamp, false);
    return this.#collect((emit) => interceptor.process(bytes, emit, timestamp), stage, timestamp, target);
  }

  /** What a stage emits is kept until it has returned: the stages behind it may wait. */
  async #collect(
    run: (emit: Emit) => void | Promise<void>,
    stage: number,
    timestamp: number,
    target: Target,
  ): Promise<void> {
    const pieces: [Uint8Array, number][] = [];
    try {
      // A stage may write into the same memory again once it has emitted.
      await run((bytes, own = timestamp) => void pieces.push([bytes.slice(), own]));
    } catch (thrown) {
      this.#append(encoder.encode(messageOf(thrown).slice(0, 500)), target, timestamp, true);
    }
    for (const [bytes, own] of pieces) await this.#pass(bytes, stage + 1, own, target);
  }

  #append(bytes: Uint8Array, target: Target, timestamp: number, failed: boolean): void {
    if (!failed && this.#skips?.(bytes) === true) return;
    if (!target.out.appendBytes(bytes, timestamp)) {
      target.out = target.more();
      if (!target.out.appendBytes(bytes, timestamp)) {
        const most = target.out.arena.byteLength;
        return this.#append(
          encoder.encode(`an event of ${bytes.byteLength} bytes; allowed: at most ${most} bytes`),
          target,
          timestamp,
          true,
        );
      }
    }
    const { out, origin } = target;
    const index = out.count - 1;
    if (origin >= 0) out.setSequence(index, target.batch.sequence(origin));
    if (failed) out.markFailed(index);
  }
}
