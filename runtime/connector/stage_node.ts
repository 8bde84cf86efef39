/** Drives a codec, preprocessor or postprocessor that is a node of its own: which event became what is known exactly. @module */
import type { Codec } from "../codec/codec.ts";
import { Batch } from "../data/batch.ts";
import { MAX_EVENTS } from "../data/layout.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { type Consumer, type Delivery, Event, eventCount } from "../flow/delivery.ts";
import type { Fanout } from "../flow/fanout.ts";
import { Settlement } from "../flow/settlement.ts";
import { BatchFeeder, failEvent, type Feed } from "./batch_feeder.ts";
import { BatchPool } from "./batch_pool.ts";
import { emptyMetrics, type NodeMetrics } from "./connector_metrics.ts";
import type { ProcessorPart } from "./contract.ts";
import { Turns } from "./turns.ts";

/** What a stage is given at once: less than it may take, because unpacking makes more of it. */
const MOST_BYTES = 65_536;
/** Most batches a stage may answer one with: what it makes of little is bounded. */
const MOST_BATCHES = 64;

/** What a {@linkcode StageNode} needs. */
export interface StageNodeOptions {
  /** `flow/connector: codec` and the like. */
  readonly alias: string;
  /** Code of the error of an event that failed in it. */
  readonly code: ErrorCode;
  /** The plugin's part, or the runtime's own interceptors between two of plugins. */
  readonly part: Omit<ProcessorPart, "close">;
  /** `each`: one event comes out for each that goes in. `stream`: any number, and something may be held until the end. */
  readonly makes: "each" | "stream";
  /** What it takes. */
  readonly input: Codec;
  /** What comes out. */
  readonly output: Codec;
  /** Takes what comes out. */
  readonly out: Fanout;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/** What came out in one batch, and of which inputs it was made; -1 of none that is still there. */
interface Made {
  readonly batch: Batch;
  readonly origins: readonly number[];
  /** Indexes of what did not fail; `undefined` when nothing did. */
  readonly kept: readonly number[] | undefined;
}

/** One running stage between a connector and its links. */
export class StageNode implements Consumer {
  /** What it did so far. */
  readonly metrics: NodeMetrics = emptyMetrics();
  readonly #options: StageNodeOptions;
  readonly #feeder: BatchFeeder;
  readonly #pool: BatchPool;
  readonly #numbered: BatchPool;
  readonly #turns = new Turns();
  #stream: number | undefined;

  /** Allocates nothing before the first delivery. */
  constructor(options: StageNodeOptions) {
    this.#options = options;
    const { part, alias } = options;
    this.#feeder = new BatchFeeder({
      alias,
      codec: options.input,
      maxEvents: part.maxEvents,
      maxBytes: Math.min(part.maxBytes ?? MOST_BYTES, MOST_BYTES),
      onError: (event, thrown) => {
        this.metrics.failed++;
        const error = this.#asError(thrown);
        failEvent(event, error);
        options.onError(error);
      },
    });
    const capacity = Math.max(1, Math.min(part.maxEvents, MAX_EVENTS));
    this.#pool = new BatchPool({ capacity, ...part.output, segments: 16 }, 16);
    this.#numbered = new BatchPool({ capacity, arenaBytes: 0, segments: 16 }, 1);
  }

  /** A delivery in what the stage takes is handed over as bytes. */
  readsValues(codec: Codec): boolean {
    return codec.name !== this.#options.input.name;
  }

  /** Passes a delivery through the stage; deliveries never overtake each other. */
  push(delivery: Delivery): void | Promise<void> {
    return this.#turns.run(() => this.#process(delivery));
  }

  /** Waits for what is under way, lets go of what the stage holds, then drains what follows. */
  async drain(): Promise<void> {
    await this.#turns.ended();
    const { makes, out } = this.#options;
    if (makes === "stream") await this.#finish();
    await out.drain();
  }

  async #process(delivery: Delivery): Promise<void> {
    this.metrics.in += eventCount(delivery);
    this.metrics.batches++;
    for (const feed of this.#feeder.feed(delivery)) await this.#processFeed(delivery, feed);
    delivery.settlement.release();
  }

  async #processFeed(delivery: Delivery, feed: Feed): Promise<void> {
    const { batch } = feed;
    const outs: Batch[] = [];
    let made: readonly Made[];
    try {
      const input = this.#options.makes === "each" ? batch : this.#number(batch, feed);
      // Without records it would say that the stream has ended.
      if (input.count > 0) await this.#run(input, outs);
      made = this.#match(batch, outs, feed);
    } catch (thrown) {
      for (const out of outs) this.#pool.give(out);
      const error = this.#asError(thrown);
      for (let index = 0; index < batch.count; index++) feed.fail(index, error);
      this.metrics.failed += batch.count;
      this.#options.onError(error);
      return feed.release();
    }
    // What comes out may point into the memory of what went in: that stays until all of it is settled.
    let reading = made.length;
    const release = (): void => {
      if (--reading === 0) feed.release();
    };
    if (reading === 0) feed.release();
    for (const each of made) await this.#handOn(each, delivery.settlement, feed.fail, release);
  }

  /**
   * The same records, each with its place as its sequence: so a stage of many to many says what was made of what.
   *
   * What a stage holds is of one stream: mixing in another would tear both, so events of others fail.
   */
  #number(batch: Batch, feed: Feed): Batch {
    const numbered = this.#numbered.takeExtra();
    numbered.shareSegments(batch);
    for (let index = 0; index < batch.count; index++) {
      const stream = batch.partition(index);
      this.#stream ??= stream;
      if (stream !== this.#stream) {
        this.#failEvent(index, this.#refused(`stream ${stream}; allowed: one stream, here ${this.#stream}`), feed);
        continue;
      }
      numbered.appendRecord(batch, index);
      numbered.setSequence(numbered.count - 1, index);
    }
    this.#numbered.give(numbered);
    return numbered;
  }

  #failEvent(index: number, error: CaissonError, feed: Feed): void {
    this.metrics.failed++;
    feed.fail(index, error);
    this.#options.onError(error);
  }

  async #run(batch: Batch, outs: Batch[]): Promise<void> {
    const { makes, part } = this.#options;
    const next = (): Batch => {
      if (outs.length >= MOST_BATCHES) {
        throw this.#refused(`more than ${MOST_BATCHES} batches of ${outs[0]!.capacity} events for one`);
      }
      const out = this.#pool.takeExtra();
      out.ownSegments();
      outs.push(out);
      return out;
    };
    await part.process(batch, next(), makes === "stream" ? next : undefined);
  }

  /** Gives each record back what its input had, and fails the events the stage could not process. */
  #match(batch: Batch, outs: readonly Batch[], feed: Feed): readonly Made[] {
    const each = this.#options.makes === "each";
    if (each && outs[0]!.count !== batch.count) {
      throw this.#refused(`${outs[0]!.count} events for ${batch.count}; allowed: one for each`);
    }
    const origins = outs.map((out) =>
      Array.from({ length: out.count }, (_, index) => each ? index : this.#originIn(out, index, batch))
    );
    return outs.map((out, at) => this.#judge(out, origins[at]!, batch, feed));
  }

  #originIn(out: Batch, index: number, batch: Batch): number {
    const origin = out.sequence(index);
    if (origin < batch.count) return origin;
    throw this.#refused(`the sequence ${origin}; allowed: that of an input record, 0 to ${batch.count - 1}`);
  }

  #judge(out: Batch, origins: readonly number[], batch: Batch, feed: Feed): Made {
    let kept: number[] | undefined;
    origins.forEach((origin, index) => {
      if (!out.isFailed(index)) {
        // A preprocessor may say when an event entered the system; a codec says nothing.
        if (this.#options.makes === "each") out.takeOrigin(index, batch, origin);
        else out.setSequence(index, batch.sequence(origin));
        out.setPartition(index, batch.partition(origin));
        kept?.push(index);
        return;
      }
      kept ??= Array.from({ length: index }, (_, before) => before);
      this.#failEvent(origin, this.#failure(out, index), feed);
    });
    return { batch: out, origins, kept };
  }

  #handOn(
    { batch: out, origins, kept }: Made,
    given: Settlement,
    fail: (origin: number, reason: unknown) => void,
    onRead: () => void,
  ): void | Promise<void> {
    this.#count(out, kept);
    given.retain();
    let freed = false;
    const settlement = new Settlement((failures) => {
      for (const [index, reason] of failures) fail(origins[index]!, reason);
      if (freed) return given.letGo();
      this.#pool.give(out);
      onRead();
      given.release();
    }, () => {
      freed = true;
      this.#pool.give(out);
      onRead();
      given.hold();
      given.release();
    });
    return this.#push(out, kept, settlement);
  }

  #push(batch: Batch, kept: readonly number[] | undefined, settlement: Settlement): void | Promise<void> {
    const { output: codec, out } = this.#options;
    const events = kept?.map((index) => Event.raw(batch, index, codec, settlement));
    return out.push({ batch, events, codec, settlement });
  }

  /** The stream has ended: nobody waits for verdicts on what was held. */
  async #finish(): Promise<void> {
    const outs: Batch[] = [];
    try {
      await this.#run(Batch.allocate({ capacity: 1, arenaBytes: 0 }), outs);
    } catch (thrown) {
      this.metrics.failed++;
      this.#options.onError(this.#asError(thrown));
      return;
    }
    for (const out of outs) {
      let kept: number[] | undefined;
      for (let index = 0; index < out.count; index++) {
        if (!out.isFailed(index)) {
          kept?.push(index);
          continue;
        }
        kept ??= Array.from({ length: index }, (_, before) => before);
        this.metrics.failed++;
        this.#options.onError(this.#failure(out, index));
      }
      this.#count(out, kept);
      await this.#push(out, kept, new Settlement(() => this.#pool.give(out)));
    }
  }

  #count(out: Batch, kept: readonly number[] | undefined): void {
    this.metrics.out += kept?.length ?? out.count;
    for (let index = 0; index < out.count; index++) {
      if (!out.isFailed(index)) this.metrics.bytes += out.payloadLength(index);
    }
  }

  #failure(out: Batch, index: number): CaissonError {
    // The bytes may be in shared memory, which a decoder does not take.
    const reason = new TextDecoder().decode(out.payload(index).slice(0, 2000));
    return this.#refused(reason === "" ? "no reason given" : reason);
  }

  #refused(found: string, cause?: unknown): CaissonError {
    const { alias, code } = this.#options;
    return new CaissonError(code, { subject: alias, found, cause });
  }

  #asError(thrown: unknown): CaissonError {
    return thrown instanceof CaissonError ? thrown : this.#refused(messageOf(thrown), thrown);
  }
}
