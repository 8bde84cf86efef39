/** Drives a source: reads, decodes, hands on, waits for room, tells the source what became of its events. @module */
import type { Codec, Preprocessor } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Delivery, eventCount } from "../flow/delivery.ts";
import type { Fanout } from "../flow/fanout.ts";
import type { Failures } from "../flow/settlement.ts";
import { BatchPool } from "./batch_pool.ts";
import { emptyMetrics, type NodeMetrics } from "./connector_metrics.ts";
import type { PollResult, SourcePart, StreamNotice } from "./contract.ts";
import { copyRecords } from "./copy_records.ts";
import { ChunkDecoder } from "./decoder.ts";
import { type ChunkKeeper, CutChunks } from "./cut_chunks.ts";
import { HeldChunks, settleVanished } from "./held_chunks.ts";
import type { Gate } from "./gate.ts";
import type { NativeLines } from "./native_lines.ts";
import { sleep, turn } from "./sleep.ts";
import { type BatchKeeper, OpenSettlements, SourceSettlement } from "./source_settlement.ts";

/** Batches a source may have in flight before it waits. */
const IN_FLIGHT = 8;
/** How long a source may keep the event loop to itself, milliseconds. */
const TURN_MS = 5;
const NO_CHUNKS: readonly never[] = [];

/** What a {@linkcode SourceManager} needs. */
export interface SourceManagerOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** The reading end. */
  readonly part: SourcePart;
  /** How payloads decode. */
  readonly codec: Codec;
  /** Of stream 0, in order; none means each record is one event. */
  readonly preprocessors: readonly Preprocessor[];
  /** Makes those of another stream. @default {the source has only stream 0} */
  readonly newPreprocessors?: (() => readonly Preprocessor[]) | undefined;
  /** Cuts lines natively. @default {preprocessors do} */
  readonly lines?: NativeLines | undefined;
  /** Most events in a batch. @default {1024} */
  readonly batchEvents?: number | undefined;
  /** Payload bytes of a batch. @default {1048576} */
  readonly batchBytes?: number | undefined;
  /** Takes the events. */
  readonly out: Fanout;
  /** Stops reading. */
  readonly signal: AbortSignal;
  /** Nothing is read while it is closed; released when `signal` is aborted. @default {always open} */
  readonly gate?: Gate | undefined;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/** One running source. */
export class SourceManager implements BatchKeeper, ChunkKeeper {
  /** What it did so far. */
  readonly metrics: NodeMetrics = emptyMetrics();
  readonly #options: SourceManagerOptions;
  readonly #pool: BatchPool;
  readonly #events: BatchPool;
  readonly #decoder: ChunkDecoder | undefined;
  /** Of a source that hears verdicts. */
  readonly #held: HeldChunks | undefined;
  #lastTurn = 0;
  #idle: (() => void) | undefined;
  readonly #unsettled = new OpenSettlements();
  #isReading = true;
  /** Why nothing gets another verdict any longer. */
  #abandoned: CaissonError | undefined;
  #failure: CaissonError | undefined;

  /** Allocates nothing before the first read. */
  constructor(options: SourceManagerOptions) {
    this.#options = options;
    const { batchEvents = 1024, batchBytes = 1 << 20, preprocessors, codec } = options;
    // Payloads that are no events have to be left out before anybody counts them.
    const cuts = preprocessors.length > 0 || codec.skips !== undefined;
    this.#pool = new BatchPool({
      capacity: batchEvents,
      arenaBytes: batchBytes,
    }, IN_FLIGHT);
    // Cut events mostly point into the chunk; their own arena only takes what preprocessors made anew.
    this.#events = new BatchPool({
      capacity: Math.max(batchEvents, 1024),
      arenaBytes: batchBytes,
    }, IN_FLIGHT * 4);
    if (cuts && options.part.settle !== undefined) this.#held = new HeldChunks();
    this.#decoder = cuts
      ? new ChunkDecoder(preprocessors, this.#events, options.alias, {
        skips: codec.skips?.bind(codec),
        newChain: options.newPreprocessors,
        wholeRecords: options.part.wholeRecords,
        held: this.#held,
        lines: options.lines,
      })
      : undefined;
  }

  /** What ended the source before its time. */
  get failure(): CaissonError | undefined {
    return this.#failure;
  }

  /** Reads until the source ends, fails or is stopped; everything read has been settled when this resolves. */
  async run(): Promise<void> {
    try {
      await this.#read();
      this.#tellReadingEnded();
      if (this.#decoder !== undefined) await this.#finish(this.#decoder);
    } catch (thrown) {
      this.#fail(thrown);
      this.#tellReadingEnded();
    }
    const reason = this.#failure ?? this.#abandoned;
    if (reason !== undefined) this.#held?.abandon(reason);
    while (this.#pool.inFlight > 0 || this.#events.inFlight > 0) {
      await new Promise<void>((resolve) => this.#idle = resolve);
    }
  }

  async #read(): Promise<void> {
    const { part, signal, gate, batchEvents = 1024 } = this.#options;
    this.#lastTurn = performance.now();
    while (!signal.aborted && this.#failure === undefined) {
      if (gate?.isOpen === false) {
        await gate.passed();
        continue;
      }
      const batch = this.#pool.take();
      if (batch === undefined) {
        await this.#pool.returned();
        continue;
      }
      let result: PollResult;
      try {
        const polled = part.poll(batch, batchEvents);
        result = polled instanceof Promise ? await polled : polled;
      } catch (thrown) {
        this.#pool.give(batch);
        throw thrown;
      }
      const passing = this.#pass(batch);
      if (passing !== undefined) await passing;
      if (result.streams !== undefined) { for (const notice of result.streams) await this.#endStream(notice); }
      if (result.state === "ended") return;
      if (result.state === "idle") {
        await sleep(result.retryAfterMs ?? 1, signal);
      }
      if (performance.now() - this.#lastTurn > TURN_MS) {
        await turn();
        this.#lastTurn = performance.now();
      }
    }
  }

  #pass(batch: Batch): void | Promise<void> {
    if (batch.count === 0) {
      this.#pool.give(batch);
      return;
    }
    if (this.#abandoned !== undefined) return this.#refuse(batch, this.#abandoned);
    if (this.#decoder === undefined) {
      const { out, codec } = this.#options;
      this.#count(batch);
      return out.push({
        batch,
        events: undefined,
        codec,
        settlement: new SourceSettlement(this.#unsettled, this, this.#pool, batch),
      });
    }
    const cut = this.#decoder.decode(batch);
    return cut instanceof Promise ? cut.then((batches) => this.#passCut(batch, batches)) : this.#passCut(batch, cut);
  }

  async #endStream({ stream, state }: StreamNotice): Promise<void> {
    if (state === "lost") {
      this.#decoder?.dropStream(stream);
      return settleVanished(this.#held?.takeCompleted() ?? NO_CHUNKS);
    }
    const flushed = await this.#decoder?.finishStream(stream) ?? [];
    await this.#passCut(undefined, flushed, (failures) => this.#tellEnded(stream, failures));
  }

  /** Once. What the part throws hides neither what ended the reading nor what a decoder still holds. */
  #tellReadingEnded(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    try {
      this.#options.part.readingEnded?.();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #tellEnded(stream: number, failures: ReadonlyMap<number, unknown>): void {
    try {
      this.#options.part.streamEnded?.(stream, failures);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /**
   * Hands on what was cut from one batch of chunks, which stays until all of it is settled; or what the end of streams
   * flushed, and tells `onSettled` when that is.
   */
  #passCut(
    chunks: Batch | undefined,
    batches: readonly Batch[],
    onSettled?: (failures: ReadonlyMap<number, unknown>) => void,
  ): void | Promise<void> {
    if (this.#abandoned !== undefined && chunks !== undefined) return this.#refuse(chunks, this.#abandoned);
    const { codec } = this.#options;
    const opened = this.#held?.takeOpened() ?? NO_CHUNKS;
    const completed = this.#held?.takeCompleted() ?? NO_CHUNKS;
    const cut = new CutChunks(this, chunks, batches.length, opened, completed, onSettled);
    const errors = this.#decoder?.takeErrors() ?? NO_CHUNKS;
    for (let index = 0; index < errors.length; index++) {
      const { chunk, error } = errors[index]!;
      cut.fail(chunk, error);
      this.metrics.failed++;
      this.#options.onError(asSourceError(this.#options.alias, error));
    }
    cut.begin();
    let pushing: void | Promise<void> = undefined;
    for (let index = 0; index < batches.length; index++) {
      const batch = batches[index]!;
      this.#count(batch);
      // Made before it is this batch's turn: a stop that is out of patience has to find it.
      const settlement = new SourceSettlement(this.#unsettled, this, this.#events, batch, cut);
      const delivery: Delivery = { batch, events: undefined, codec, settlement };
      pushing = pushing === undefined ? this.#push(delivery) : this.#pushAfter(pushing, delivery);
    }
    return pushing;
  }

  #push(delivery: Delivery): void | Promise<void> {
    if (this.#abandoned === undefined) return this.#options.out.push(delivery);
    delivery.settlement.abandon(eventCount(delivery), this.#abandoned);
  }

  async #pushAfter(pushing: Promise<void>, delivery: Delivery): Promise<void> {
    await pushing;
    await this.#push(delivery);
  }

  /** As {@linkcode ChunkKeeper}. */
  failed(events: number): void {
    this.metrics.failed += events;
  }

  /** As {@linkcode ChunkKeeper}. */
  freeChunks(chunks: Batch): Batch {
    return this.free(this.#pool, chunks);
  }

  /** As {@linkcode ChunkKeeper}. */
  settleChunks(chunks: Batch, failures: Failures, isFree: boolean): void {
    this.#settle(chunks, failures);
    if (!isFree) this.give(this.#pool, chunks);
  }

  /** As {@linkcode BatchKeeper}. */
  judged(batch: Batch, failures: Failures): void {
    this.metrics.failed += failures.size;
    this.#settle(batch, failures);
  }

  /** Fails everything that has no verdict yet: whoever holds it will not be waited for. */
  abandon(reason: CaissonError): void {
    this.#abandoned = reason;
    this.#unsettled.abandon(reason);
    this.#held?.abandon(reason);
  }

  /** Fails what a read that was under way brought after all. */
  #refuse(batch: Batch, reason: CaissonError): void {
    this.#held?.abandon(reason);
    const failures = new Map(Array.from({ length: batch.count }, (_, index) => [index, reason]));
    this.metrics.failed += failures.size;
    this.#settle(batch, failures);
    this.give(this.#pool, batch);
  }

  /** Gives back a batch that nobody reads any longer and whose events wait for verdicts; returns what to settle then. */
  free(pool: BatchPool, batch: Batch): Batch {
    const { part } = this.#options;
    if (pool === this.#pool && part.settle !== undefined && part.settlesCopies !== true) {
      // The part knows the batch by itself, or lent its memory: it stays, but no longer counts.
      pool.detach();
      this.#wake();
      return batch;
    }
    const records = pool === this.#pool && part.settle === undefined ? batch : copyRecords(batch);
    this.give(pool, batch);
    return records;
  }

  /** What a part throws here must not reach the sink that settles: it ends the source. */
  #settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    try {
      this.#options.part.settle?.(batch, failures);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Ends reading for a reason from outside, such as a connection lost for good; what was read is still settled. */
  giveUp(error: CaissonError): void {
    this.#fail(error);
  }

  #fail(thrown: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = asSourceError(this.#options.alias, thrown);
    this.#options.onError(this.#failure);
  }

  async #finish(decoder: ChunkDecoder): Promise<void> {
    await this.#passCut(undefined, await decoder.finish());
  }

  #count(batch: Batch): void {
    this.metrics.in += batch.count;
    this.metrics.out += batch.count;
    this.metrics.batches++;
    for (let index = 0; index < batch.count; index++) {
      this.metrics.bytes += batch.payloadLength(index);
    }
  }

  /** As {@linkcode BatchKeeper}. */
  give(pool: BatchPool, batch: Batch): void {
    pool.give(batch);
    this.#wake();
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = undefined;
    idle?.();
  }
}

function asSourceError(alias: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  return new CaissonError("CAISSON_SOURCE_FAILED", { subject: alias, found: messageOf(thrown), cause: thrown });
}
