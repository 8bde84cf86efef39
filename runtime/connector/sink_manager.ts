/** Drives a sink: queues deliveries, encodes, writes, settles. @module */
import type { Codec, Postprocessor } from "../codec/codec.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, type Event, eventCount, eventsOf } from "../flow/delivery.ts";
import { BatchFeeder, failEvent, type Feed } from "./batch_feeder.ts";
import { emptyMetrics, type NodeMetrics } from "./connector_metrics.ts";
import type { BatchSinkPart, ByteSinkPart, SinkPart, ValueSinkPart, WriteResult } from "./contract.ts";

/** Deliveries a slow sink may have waiting before its producers wait too. */
const QUEUE = 4;

/** What a {@linkcode SinkManager} needs. */
export interface SinkManagerOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** The writing end. */
  readonly part: SinkPart;
  /** How values become bytes; `undefined` passes on what comes. */
  readonly codec: Codec | undefined;
  /** In order. */
  readonly postprocessors: readonly Postprocessor[];
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
  /** Told how long events took from entering the system until they were written, milliseconds. */
  readonly onWritten?:
    | ((latencyMs: number, events: number) => void)
    | undefined;
}

/** One running sink. */
export class SinkManager implements Consumer {
  /** What it did so far. */
  readonly metrics: NodeMetrics = emptyMetrics();
  readonly #options: SinkManagerOptions;
  readonly #feeder: BatchFeeder | undefined;
  readonly #queue: Delivery[] = [];
  #running: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  #failures = 0;
  #failure: CaissonError | undefined;

  /** Allocates nothing before the first delivery. */
  constructor(options: SinkManagerOptions) {
    this.#options = options;
    const { part, alias, codec } = options;
    if (part.accepts === "batches") {
      this.#feeder = new BatchFeeder({
        alias,
        codec,
        maxEvents: part.maxEvents,
        onError: (event, error) => this.#failEvent(event, error),
      });
    }
  }

  /** Takes a delivery; writes at once when nothing waits and the sink does not make it wait. */
  push(delivery: Delivery): void | Promise<void> {
    this.metrics.in += eventCount(delivery);
    this.metrics.batches++;
    if (this.#running === undefined) {
      const writing = this.#write(delivery);
      if (writing === undefined) return;
      this.#running = writing.then(() => this.#work());
      return;
    }
    this.#queue.push(delivery);
    if (this.#queue.length < QUEUE) return;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #work(): Promise<void> {
    for (
      let next = this.#queue.shift();
      next !== undefined;
      next = this.#queue.shift()
    ) {
      this.#waiting.shift()?.();
      await this.#write(next);
    }
    this.#running = undefined;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Waits for everything queued, then lets postprocessors hand on what they hold. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    const { part, postprocessors } = this.#options;
    if (part.accepts !== "bytes" || postprocessors.length === 0) return;
    const chunks: Uint8Array[] = [];
    try {
      for (let stage = 0; stage < postprocessors.length; stage++) {
        const pending: Promise<void>[] = [];
        await postprocessors[stage]!.finish((bytes) => {
          const running = this.#frame(bytes, stage + 1, chunks);
          if (running !== undefined) pending.push(running);
        });
        await Promise.all(pending);
      }
      if (chunks.length > 0) await part.write(chunks, 0);
    } catch (thrown) {
      this.#failure = this.#asSinkError(thrown);
      this.#options.onError(this.#failure);
    }
  }

  /** Why the last bytes could not be written. */
  get failure(): CaissonError | undefined {
    return this.#failure;
  }

  #write(delivery: Delivery): void | Promise<void> {
    const { part } = this.#options;
    const before = this.#failures;
    let writing: void | Promise<void> = undefined;
    try {
      writing = part.accepts === "bytes"
        ? this.#writeBytes(part, delivery)
        : part.accepts === "values"
        ? this.#writeValues(part, delivery)
        : this.#writeBatches(part, delivery);
    } catch (thrown) {
      this.#failAll(delivery, thrown, before);
    }
    if (writing === undefined) return this.#settle(delivery, before);
    return writing.catch((thrown) => this.#failAll(delivery, thrown, before)).then(() =>
      this.#settle(delivery, before)
    );
  }

  #settle(delivery: Delivery, failuresBefore: number): void {
    const count = eventCount(delivery);
    const failed = this.#failures - failuresBefore;
    this.metrics.failed += failed;
    this.metrics.out += count - failed;
    if (this.#options.onWritten !== undefined && count > failed) {
      const first = delivery.events?.[0]?.timestamp ??
        delivery.batch!.timestampMs(0);
      this.#options.onWritten(
        performance.timeOrigin + performance.now() - first,
        count - failed,
      );
    }
    delivery.settlement.release();
  }

  #failEvent(event: Event, thrown: unknown): void {
    const error = this.#asSinkError(thrown);
    this.#failures++;
    failEvent(event, error);
    this.#options.onError(error);
  }

  #failAll(delivery: Delivery, thrown: unknown, failuresBefore: number): void {
    const error = this.#asSinkError(thrown);
    for (const event of eventsOf(delivery)) failEvent(event, error);
    // Not added: some of them may have failed by themselves already.
    this.#failures = failuresBefore + eventCount(delivery);
    this.#options.onError(error);
  }

  #asSinkError(thrown: unknown): CaissonError {
    if (thrown instanceof CaissonError) return thrown;
    return new CaissonError("CAISSON_SINK_FAILED", {
      subject: this.#options.alias,
      found: messageOf(thrown),
      cause: thrown,
    });
  }

  #writeBytes(part: ByteSinkPart, delivery: Delivery): void | Promise<void> {
    const codec = this.#options.codec ?? delivery.codec;
    const chunks: Uint8Array[] = [];
    let pending: Promise<void>[] | undefined;
    let written = 0;
    for (const event of eventsOf(delivery)) {
      let bytes: Uint8Array;
      try {
        bytes = event.bytes(codec);
      } catch (thrown) {
        this.#failEvent(event, thrown);
        continue;
      }
      this.metrics.bytes += bytes.byteLength;
      written++;
      const running = this.#frame(bytes, 0, chunks);
      if (running !== undefined) (pending ??= []).push(running);
    }
    if (written === 0) return;
    return pending === undefined
      ? part.write(chunks, written)
      : Promise.all(pending).then(() => part.write(chunks, written));
  }

  #frame(
    bytes: Uint8Array,
    stage: number,
    chunks: Uint8Array[],
  ): void | Promise<void> {
    const postprocessor = this.#options.postprocessors[stage];
    if (postprocessor === undefined) {
      chunks.push(bytes);
      return;
    }
    let pending: Promise<void>[] | undefined;
    const running = postprocessor.process(bytes, (next) => {
      const inner = this.#frame(next, stage + 1, chunks);
      if (inner !== undefined) (pending ??= []).push(inner);
    });
    if (running === undefined && pending === undefined) return;
    return Promise.resolve(running).then(() => Promise.all(pending ?? [])).then(
      () => {},
    );
  }

  #writeValues(part: ValueSinkPart, delivery: Delivery): void | Promise<void> {
    const events = eventsOf(delivery);
    const judge = (result: void | WriteResult): void =>
      this.#judge(result, (index, reason) => failEvent(events[index]!, reason));
    const result = part.write(events);
    return result instanceof Promise ? result.then(judge) : judge(result);
  }

  #writeBatches(part: BatchSinkPart, delivery: Delivery): void | Promise<void> {
    const feeds = this.#feeder!.feed(delivery);
    // Not a for-of loop: leaving one ends the generator, and the events of its other feeds would be lost.
    for (let next = feeds.next(); next.done !== true; next = feeds.next()) {
      const result = this.#writeFeed(part, next.value);
      if (result !== undefined) return this.#writeRest(part, feeds, result);
    }
  }

  async #writeRest(
    part: BatchSinkPart,
    feeds: Generator<Feed, void, void>,
    first: Promise<void>,
  ): Promise<void> {
    await first;
    for (const feed of feeds) await this.#writeFeed(part, feed);
  }

  /** One batch; a rejection fails its events and not those of the batches before it. */
  #writeFeed(part: BatchSinkPart, feed: Feed): void | Promise<void> {
    const { batch } = feed;
    for (let index = 0; index < batch.count; index++) {
      this.metrics.bytes += batch.payloadLength(index);
    }
    let result: void | WriteResult | Promise<void | WriteResult>;
    try {
      result = part.write(batch);
    } catch (thrown) {
      return this.#failFeed(feed, thrown);
    }
    if (result instanceof Promise) {
      return result.then(
        (judged) => this.#judgeFeed(feed, judged),
        (thrown) => this.#failFeed(feed, thrown),
      );
    }
    this.#judgeFeed(feed, result);
  }

  #judgeFeed(feed: Feed, result: void | WriteResult): void {
    this.#judge(result, feed.fail);
    feed.release();
  }

  #failFeed(feed: Feed, thrown: unknown): void {
    const error = this.#asSinkError(thrown);
    const { count } = feed.batch;
    for (let index = 0; index < count; index++) feed.fail(index, error);
    this.#failures += count;
    this.#options.onError(error);
    feed.release();
  }

  #judge(
    result: void | WriteResult,
    fail: (index: number, reason: unknown) => void,
  ): void {
    if (result === undefined || result.verdicts.length === 0) return;
    const error = this.#asSinkError(
      result.reason ?? `${result.verdicts.length} events were refused`,
    );
    for (const { index } of result.verdicts) fail(index, error);
    this.#failures += result.verdicts.length;
    this.#options.onError(error);
  }
}
