/** Drives a sink: queues deliveries, encodes, writes, settles. @module */
import type { Codec, Postprocessor } from "../codec/codec.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, type Event, eventCount, eventsOf } from "../flow/delivery.ts";
import { BatchFeeder, failEvent, type Feed } from "./batch_feeder.ts";
import { emptyMetrics, type NodeMetrics } from "./connector_metrics.ts";
import type { BatchSinkPart, ByteSinkPart, SinkPart, ValueSinkPart, WriteResult } from "./contract.ts";
import { finishFrames, framePayload } from "./framing.ts";
import { StreamWriter } from "./stream_writer.ts";
import type { Gate } from "./gate.ts";

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
  /** Of stream 0, in order. */
  readonly postprocessors: readonly Postprocessor[];
  /** Makes those of another stream. @default {every stream has those of stream 0} */
  readonly newPostprocessors?: (() => readonly Postprocessor[]) | undefined;
  /** Nothing is written while it is closed; what comes waits. @default {always open} */
  readonly gate?: Gate | undefined;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
  /** Told how long events took from entering the system until they were written, milliseconds. */
  readonly onWritten?:
    | ((latencyMs: number, events: number) => void)
    | undefined;
}

/** What became of one delivery's events. */
interface Tally {
  failed: number;
}

/** One running sink. */
export class SinkManager implements Consumer {
  /** What it did so far. */
  readonly metrics: NodeMetrics = emptyMetrics();
  readonly #options: SinkManagerOptions;
  readonly #feeder: BatchFeeder | undefined;
  readonly #streams: StreamWriter | undefined;
  readonly #queue: Delivery[] = [];
  /** Writes that may be under way at once. */
  readonly #most: number;
  #open = 0;
  /** A delivery of more batches than may be under way: nothing overtakes the rest of it. */
  #unfinished = false;
  /** Of the delivery that is being cut into batches. */
  #feeding: Tally = { failed: 0 };
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];
  #failure: CaissonError | undefined;
  /** Set when nothing will ever be written again. */
  #givenUp: CaissonError | undefined;

  /** Allocates nothing before the first delivery. */
  constructor(options: SinkManagerOptions) {
    this.#options = options;
    const { part, alias, codec } = options;
    if (part.accepts === "bytes" && part.watchStreams !== undefined) {
      this.#streams = new StreamWriter({
        part,
        newChain: options.newPostprocessors ?? (() => options.postprocessors),
        onBytes: (bytes) => this.metrics.bytes += bytes,
      });
    }
    options.gate?.onChange((isOpen) => {
      if (isOpen) this.#wake();
    });
    this.#most = part.accepts === "batches" ? Math.max(1, part.inFlight ?? 1) : 1;
    if (part.accepts === "batches") {
      this.#feeder = new BatchFeeder({
        alias,
        codec,
        maxEvents: part.maxEvents,
        onError: (event, error) => this.#failEvent(event, error, this.#feeding),
      });
    }
  }

  /** A sink of bytes or batches in the same codec takes bytes as they are. */
  readsValues(codec: Codec): boolean {
    const { part, codec: own = codec } = this.#options;
    return part.accepts === "values" || own.name !== codec.name;
  }

  /** Takes a delivery; writes at once when nothing waits and the sink does not make it wait. */
  push(delivery: Delivery): void | Promise<void> {
    this.metrics.in += eventCount(delivery);
    this.metrics.batches++;
    if (this.#queue.length === 0 && (this.#free || this.#givenUp !== undefined)) return this.#start(delivery);
    this.#queue.push(delivery);
    if (this.#queue.length < QUEUE) return;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get #free(): boolean {
    return this.#open < this.#most && !this.#unfinished && this.#options.gate?.isOpen !== false;
  }

  /** Fails what waits and everything that still comes: there is nothing to write to any longer. */
  giveUp(error: CaissonError): void {
    this.#failure ??= error;
    this.#givenUp = error;
    this.#options.onError(error);
    this.#wake();
  }

  #start(delivery: Delivery): void {
    const writing = this.#write(delivery);
    if (writing === undefined) return;
    this.#open++;
    void writing.then(() => this.#done());
  }

  #done(): void {
    this.#open--;
    this.#wake();
  }

  #wake(): void {
    this.#startQueued();
    if (this.#open > 0 || this.#queue.length > 0) return;
    for (const resume of this.#waiting.splice(0)) resume();
    for (const resume of this.#idle.splice(0)) resume();
  }

  #startQueued(): void {
    while ((this.#free || this.#givenUp !== undefined) && this.#queue.length > 0) {
      this.#waiting.shift()?.();
      this.#start(this.#queue.shift()!);
    }
  }

  /** Waits for everything queued, then lets postprocessors hand on what they hold. */
  async drain(): Promise<void> {
    while (this.#open > 0 || this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    const { part, postprocessors } = this.#options;
    if (part.accepts !== "bytes" || postprocessors.length === 0 || this.#givenUp !== undefined) return;
    try {
      if (this.#streams !== undefined) return await this.#streams.finish();
      const chunks = await finishFrames(postprocessors);
      if (chunks.length > 0) await part.write(chunks, 0, 0);
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
    const tally: Tally = { failed: 0 };
    let writing: void | Promise<void> = undefined;
    try {
      if (this.#givenUp !== undefined) throw this.#givenUp;
      writing = part.accepts === "bytes"
        ? this.#writeBytes(part, delivery, tally)
        : part.accepts === "values"
        ? this.#writeValues(part, delivery, tally)
        : this.#writeBatches(part, delivery, tally);
    } catch (thrown) {
      this.#failAll(delivery, thrown, tally);
    }
    if (writing === undefined) return this.#settle(delivery, tally);
    return writing.then(
      () => this.#settle(delivery, tally),
      (thrown) => {
        this.#failAll(delivery, thrown, tally);
        this.#settle(delivery, tally);
      },
    );
  }

  #settle(delivery: Delivery, { failed }: Tally): void {
    const count = eventCount(delivery);
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

  #failEvent(event: Event, thrown: unknown, tally: Tally): void {
    const error = this.#asSinkError(thrown);
    tally.failed++;
    failEvent(event, error);
    this.#options.onError(error);
  }

  #failAll(delivery: Delivery, thrown: unknown, tally: Tally): void {
    const error = this.#asSinkError(thrown);
    for (const event of eventsOf(delivery)) failEvent(event, error);
    // Not added: some of them may have failed by themselves already.
    tally.failed = eventCount(delivery);
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

  #writeBytes(part: ByteSinkPart, delivery: Delivery, tally: Tally): void | Promise<void> {
    const codec = this.#options.codec ?? delivery.codec;
    if (this.#streams !== undefined) {
      return this.#streams.write(eventsOf(delivery), codec, (event, thrown) => this.#failEvent(event, thrown, tally));
    }
    const chunks: Uint8Array[] = [];
    let pending: Promise<void>[] | undefined;
    let written = 0;
    for (const event of eventsOf(delivery)) {
      let bytes: Uint8Array;
      try {
        bytes = event.bytes(codec);
      } catch (thrown) {
        this.#failEvent(event, thrown, tally);
        continue;
      }
      this.metrics.bytes += bytes.byteLength;
      written++;
      try {
        const running = framePayload(this.#options.postprocessors, bytes, chunks, event.timestamp);
        if (running !== undefined) (pending ??= []).push(running);
      } catch (thrown) {
        written--;
        this.#failEvent(event, thrown, tally);
      }
    }
    if (written === 0 && chunks.length === 0) return;
    return pending === undefined
      ? part.write(chunks, written, 0)
      : Promise.all(pending).then(() => part.write(chunks, written, 0));
  }

  #writeValues(part: ValueSinkPart, delivery: Delivery, tally: Tally): void | Promise<void> {
    const events = eventsOf(delivery);
    const judge = (result: void | WriteResult): void =>
      this.#judge(result, (index, reason) => failEvent(events[index]!, reason), tally);
    const result = part.write(events);
    return result instanceof Promise ? result.then(judge) : judge(result);
  }

  #writeBatches(part: BatchSinkPart, delivery: Delivery, tally: Tally): void | Promise<void> {
    const feeds = this.#feeder!.feed(delivery);
    const open: Promise<void>[] = [];
    try {
      // Not a for-of loop: leaving one ends the generator, and the events of its other feeds would be lost.
      for (let next = this.#nextFeed(feeds, tally); next !== undefined; next = this.#nextFeed(feeds, tally)) {
        const writing = this.#writeFeed(part, next, tally);
        if (writing !== undefined) open.push(writing);
        if (open.length >= this.#most) return this.#writeRest(part, feeds, open, tally);
      }
    } catch (thrown) {
      // The sink still reads what was handed over: nothing may be settled before it has.
      return Promise.all(open).then(() => {
        throw thrown;
      });
    }
    if (open.length > 0) return open.length === 1 ? open[0] : Promise.all(open).then(() => {});
  }

  #nextFeed(feeds: Generator<Feed, void, void>, tally: Tally): Feed | undefined {
    this.#feeding = tally;
    const next = feeds.next();
    return next.done === true ? undefined : next.value;
  }

  async #writeRest(
    part: BatchSinkPart,
    feeds: Generator<Feed, void, void>,
    open: Promise<void>[],
    tally: Tally,
  ): Promise<void> {
    this.#unfinished = true;
    try {
      for (;;) {
        await open.shift();
        const next = this.#nextFeed(feeds, tally);
        if (next === undefined) break;
        const writing = this.#writeFeed(part, next, tally);
        if (writing !== undefined) open.push(writing);
      }
    } finally {
      this.#unfinished = false;
      this.#startQueued();
      await Promise.all(open);
    }
  }

  /** One batch; a rejection fails its events and not those of the batches before it. */
  #writeFeed(part: BatchSinkPart, feed: Feed, tally: Tally): void | Promise<void> {
    const { batch } = feed;
    for (let index = 0; index < batch.count; index++) {
      this.metrics.bytes += batch.payloadLength(index);
    }
    let result: void | WriteResult | Promise<void | WriteResult>;
    try {
      result = part.write(batch);
    } catch (thrown) {
      return this.#failFeed(feed, thrown, tally);
    }
    if (result instanceof Promise) {
      return result.then(
        (judged) => this.#judgeFeed(feed, judged, tally),
        (thrown) => this.#failFeed(feed, thrown, tally),
      );
    }
    this.#judgeFeed(feed, result, tally);
  }

  #judgeFeed(feed: Feed, result: void | WriteResult, tally: Tally): void {
    this.#judge(result, feed.fail, tally);
    feed.release();
  }

  #failFeed(feed: Feed, thrown: unknown, tally: Tally): void {
    const error = this.#asSinkError(thrown);
    const { count } = feed.batch;
    for (let index = 0; index < count; index++) feed.fail(index, error);
    tally.failed += count;
    this.#options.onError(error);
    feed.release();
  }

  #judge(
    result: void | WriteResult,
    fail: (index: number, reason: unknown) => void,
    tally: Tally,
  ): void {
    if (result === undefined || result.verdicts.length === 0) return;
    const error = this.#asSinkError(
      result.reason ?? `${result.verdicts.length} events were refused`,
    );
    for (const { index } of result.verdicts) fail(index, error);
    tally.failed += result.verdicts.length;
    this.#options.onError(error);
  }
}
