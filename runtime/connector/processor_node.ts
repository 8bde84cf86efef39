/** Drives a processor: feeds it batches, hands on what comes out, settles the input with the output. @module */
import type { Codec } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import { MAX_EVENTS } from "../data/layout.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, eventCount } from "../flow/delivery.ts";
import type { Fanout } from "../flow/fanout.ts";
import { Settlement } from "../flow/settlement.ts";
import { BatchFeeder, failEvent, type Feed } from "./batch_feeder.ts";
import { BatchPool } from "./batch_pool.ts";
import { emptyMetrics, type NodeMetrics } from "./connector_metrics.ts";
import type { ProcessorPart } from "./contract.ts";
import { emitFailedEvent, emitFailedFeed } from "./failed_events.ts";
import { originsOf } from "./origins.ts";

/** What a {@linkcode ProcessorNode} needs. */
export interface ProcessorNodeOptions {
  /** `flow/processor`. */
  readonly alias: string;
  /** The processor. */
  readonly part: ProcessorPart;
  /** What it wants its input in; `undefined` takes any, and its output is in the same. */
  readonly codec: Codec | undefined;
  /** Takes what comes out. */
  readonly out: Fanout;
  /** Takes events it fails on, with the error; with nothing linked they fail. */
  readonly err: Fanout;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/** One running processor. */
export class ProcessorNode implements Consumer {
  /** What it did so far. */
  readonly metrics: NodeMetrics = emptyMetrics();
  readonly #options: ProcessorNodeOptions;
  readonly #feeder: BatchFeeder;
  readonly #pool: BatchPool;
  #busy: Promise<void> | undefined;
  /** Resolves when what could not be fed has been taken. */
  #unfed: Promise<void> | undefined;

  /** Allocates nothing before the first delivery. */
  constructor(options: ProcessorNodeOptions) {
    this.#options = options;
    const { part, alias, codec } = options;
    this.#feeder = new BatchFeeder({
      alias,
      codec,
      maxEvents: part.maxEvents,
      maxBytes: part.maxBytes,
      onError: (event, thrown) => {
        const error = this.#asError(thrown);
        options.onError(error);
        if (options.err.linked) {
          this.metrics.out++;
          const pending = emitFailedEvent(options.err, event, error);
          if (pending !== undefined) this.#unfed = Promise.all([this.#unfed, pending]).then(() => {});
          return;
        }
        this.metrics.failed++;
        failEvent(event, error);
      },
    });
    this.#pool = new BatchPool({
      capacity: part.output?.capacity ?? Math.min(part.maxEvents, MAX_EVENTS),
      ...(part.output === undefined ? {} : { arenaBytes: part.output.arenaBytes }),
      segments: 16,
    }, 64);
  }

  /** Processes a delivery; deliveries never overtake each other. */
  push(delivery: Delivery): void | Promise<void> {
    if (this.#busy !== undefined) {
      return this.#enqueue(() => this.#process(delivery));
    }
    const running = this.#process(delivery);
    if (running === undefined) return;
    return this.#enqueue(() => running);
  }

  #enqueue(work: () => void | Promise<void>): Promise<void> {
    const before = this.#busy ?? Promise.resolve();
    const mine: Promise<void> = before.then(work).finally(() => {
      if (this.#busy === mine) this.#busy = undefined;
    });
    this.#busy = mine;
    return mine;
  }

  /** Waits for what is being processed, then drains what follows. */
  async drain(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
    await this.#unfed;
    await this.#options.out.drain();
  }

  #process(delivery: Delivery): void | Promise<void> {
    this.metrics.in += eventCount(delivery);
    this.metrics.batches++;
    const feeds = this.#feeder.feed(delivery);
    // Not a for-of loop: leaving one ends the generator, and the events of its other feeds would be lost.
    for (let next = feeds.next(); next.done !== true; next = feeds.next()) {
      const running = this.#processFeed(delivery, next.value);
      if (running !== undefined) {
        return this.#processRest(delivery, feeds, running);
      }
    }
    delivery.settlement.release();
  }

  async #processRest(
    delivery: Delivery,
    feeds: Generator<Feed, void, void>,
    first: Promise<void>,
  ): Promise<void> {
    await first;
    for (const feed of feeds) await this.#processFeed(delivery, feed);
    delivery.settlement.release();
  }

  #processFeed(delivery: Delivery, feed: Feed): void | Promise<void> {
    const out = this.#pool.takeExtra();
    out.ownSegments();
    const { batch } = feed;
    const failFeed = (thrown: unknown): void | Promise<void> => {
      this.#pool.give(out);
      const error = this.#asError(thrown);
      if (this.#options.err.linked) {
        this.metrics.out += batch.count;
        this.#options.onError(error);
        const codec = this.#options.codec ?? delivery.codec;
        return emitFailedFeed(this.#options.err, { feed, codec, settlement: delivery.settlement, error });
      }
      for (let index = 0; index < batch.count; index++) feed.fail(index, error);
      this.metrics.failed += batch.count;
      this.#options.onError(error);
      feed.release();
    };
    try {
      const running = this.#options.part.process(batch, out);
      if (running !== undefined) {
        return running.then(() => this.#handOn(delivery, feed, out), failFeed);
      }
    } catch (thrown) {
      return failFeed(thrown);
    }
    return this.#handOn(delivery, feed, out);
  }

  #handOn(delivery: Delivery, feed: Feed, out: Batch): void | Promise<void> {
    const { batch } = feed;
    this.metrics.out += out.count;
    this.metrics.dropped += Math.max(0, batch.count - out.count);
    for (let index = 0; index < out.count; index++) {
      this.metrics.bytes += out.payloadLength(index);
    }
    // The input's memory is what passed-on records point into: it stays until the output is settled.
    delivery.settlement.retain();
    let kept: (readonly number[])[] | undefined;
    const settlement = new Settlement((failures) => {
      if (failures.size > 0) {
        const origins = kept === undefined ? originsOf(batch, out) : (index: number) => kept![index]!;
        for (const [index, reason] of failures) {
          for (const origin of origins(index)) feed.fail(origin, reason);
        }
      }
      if (kept !== undefined) return delivery.settlement.letGo();
      this.#pool.give(out);
      feed.release();
      delivery.settlement.release();
    }, () => {
      // An operator further on keeps values of these events: which is which has to be known without the batches.
      const origins = originsOf(batch, out);
      kept = Array.from({ length: out.count }, (_, index) => origins(index));
      this.#pool.give(out);
      feed.release();
      delivery.settlement.hold();
      delivery.settlement.release();
    });
    return this.#options.out.push({
      batch: out,
      events: undefined,
      codec: this.#options.codec ?? delivery.codec,
      settlement,
    });
  }

  #asError(thrown: unknown): CaissonError {
    if (thrown instanceof CaissonError) return thrown;
    return new CaissonError("CAISSON_PLUGIN_THREW", {
      subject: this.#options.alias,
      found: messageOf(thrown),
      cause: thrown,
    });
  }
}
