/** Writes one delivery at a time to a sink's part: encodes, frames, hands over, and notes what failed. @module */
import type { Codec, Postprocessor } from "../codec/codec.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Delivery, type Event, eventCount, eventsOf } from "../flow/delivery.ts";
import { EventEncoder } from "../flow/event_encoder.ts";
import { BatchFeeder, failEvent, type Feed } from "./batch_feeder.ts";
import type { NodeMetrics } from "./connector_metrics.ts";
import type { BatchSinkPart, ByteSinkPart, SinkPart, ValueSinkPart, WriteResult } from "./contract.ts";
import { FramedStream } from "./framed_stream.ts";
import { failuresOf } from "./failed_chunks.ts";
import { FrameJoiner } from "./joined_frames.ts";
import { StreamWriter } from "./stream_writer.ts";

/** What a {@linkcode SinkWriter} needs. */
export interface SinkWriterOptions {
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
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/** What became of one delivery's events. */
export interface Tally {
  /** Events that failed, for whatever reason. */
  failed: number;
  /** Those of them that the part failed, not their own bytes. */
  refused: number;
  /** Events that wait for more bytes to be written together with theirs. */
  held: number;
}

/** The writing half of a running sink. */
export class SinkWriter {
  /** Writes that may be under way at once. */
  readonly most: number;
  /** A delivery of more batches than may be under way: nothing may overtake the rest of it. */
  unfinished = false;
  /** Called when {@linkcode SinkWriter.unfinished} is over. */
  onFinished: () => void = () => {};
  /** Called when {@linkcode SinkWriter.flush} is due. */
  onDue: () => void = () => {};
  readonly #options: SinkWriterOptions;
  readonly #metrics: NodeMetrics;
  readonly #feeder: BatchFeeder | undefined;
  readonly #streams: StreamWriter | undefined;
  /** Of a sink of bytes that has no streams. */
  readonly #only: FramedStream | undefined;
  /** Where framing only ends each payload with a byte, and pieces may be joined. */
  readonly #joiner: FrameJoiner | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  /** Of the delivery that is being joined. */
  #joining: Tally | undefined;
  readonly #onNotJoined = (event: Event, thrown: unknown): void => this.#failEvent(event, thrown, this.#joining!);
  /** Of the delivery that is being cut into batches. */
  #feeding: Tally = { failed: 0, refused: 0, held: 0 };

  /** Allocates nothing before the first delivery; counts bytes in `metrics`. */
  constructor(options: SinkWriterOptions, metrics: NodeMetrics) {
    this.#options = options;
    this.#metrics = metrics;
    const { part, alias, codec } = options;
    if (part.accepts === "bytes" && part.watchStreams !== undefined) {
      this.#streams = new StreamWriter({
        part,
        newChain: options.newPostprocessors ?? (() => options.postprocessors),
        metrics,
        lost: (stream) => this.asSinkError(new Error(`stream ${stream} was lost before it was written`)),
      });
    } else if (part.accepts === "bytes") {
      this.#only = new FramedStream({ part, stream: 0, chain: options.postprocessors, metrics });
    }
    const [framing, second] = options.postprocessors;
    if (
      part.accepts === "bytes" && part.joinsChunks === true && framing?.ending !== undefined && second === undefined
    ) {
      this.#joiner = new FrameJoiner(framing.ending);
    }
    this.most = part.accepts === "batches" ? Math.max(1, part.inFlight ?? 1) : 1;
    if (part.accepts === "batches") {
      this.#feeder = new BatchFeeder({
        alias,
        codec,
        maxEvents: part.maxEvents,
        onError: (event, error) => this.#failEvent(event, error, this.#feeding),
      });
    }
  }

  /** Writes a delivery. What it throws, or rejects with, failed all of it: call {@linkcode SinkWriter.failAll}. */
  write(delivery: Delivery, tally: Tally): void | Promise<void> {
    const { part } = this.#options;
    return part.accepts === "bytes"
      ? this.#writeBytes(part, delivery, tally)
      : part.accepts === "values"
      ? this.#writeValues(part, delivery, tally)
      : this.#writeBatches(part, delivery, tally);
  }

  /** Lets postprocessors hand on what they hold, and writes it; all of it has a verdict then. */
  async finish(): Promise<void> {
    this.#flushed();
    if (this.#options.postprocessors.length === 0) return;
    await (this.#streams ?? this.#only)?.finish();
  }

  /** Writes what postprocessors hold, and the streams go on. What fails is told and settled. */
  async flush(): Promise<void> {
    this.#flushed();
    const onFailed = (thrown: unknown): void => this.#options.onError(this.asSinkError(thrown));
    if (this.#streams !== undefined) await this.#streams.flush(onFailed);
    else await this.#only?.flush().catch(onFailed);
  }

  /** Fails what postprocessors hold: nothing is written any longer. */
  async failHeld(reason: CaissonError): Promise<void> {
    this.#flushed();
    await (this.#streams ?? this.#only)?.fail(reason);
  }

  /** The one connection is gone: the next one begins a stream of its own. A sink of many streams loses each by itself. */
  async lost(reason: unknown): Promise<void> {
    if (this.#only === undefined || this.#options.postprocessors.length === 0) return;
    this.#flushed();
    await this.#only.fail(reason);
  }

  #flushed(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
  }

  #flushLater(): void {
    if (this.#flushTimer !== undefined) return;
    const { framer } = this.#only ?? {};
    const wait = this.#streams?.flushMs ?? (framer !== undefined && framer.carried > 0 ? framer.flushMs : undefined);
    if (wait === undefined) return;
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined;
      this.onDue();
    }, wait);
  }

  #failEvent(event: Event, thrown: unknown, tally: Tally): void {
    const error = this.asSinkError(thrown);
    tally.failed++;
    failEvent(event, error);
    this.#options.onError(error);
  }

  /** Fails every event of a delivery. */
  failAll(delivery: Delivery, thrown: unknown, tally: Tally): void {
    const error = this.asSinkError(thrown);
    for (const event of eventsOf(delivery)) failEvent(event, error);
    // Not added: some of them may have failed by themselves already.
    tally.failed = tally.refused = eventCount(delivery);
    this.#options.onError(error);
  }

  /** What was thrown, as an error of the sink. */
  asSinkError(thrown: unknown): CaissonError {
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
      const onFailed = (event: Event, thrown: unknown): void => this.#failEvent(event, thrown, tally);
      return this.#streams.write(eventsOf(delivery), codec, onFailed, tally)?.then(() => this.#flushLater());
    }
    if (this.#joiner !== undefined) return this.#writeJoined(this.#joiner, part, delivery, tally);
    const only = this.#only!;
    only.framer.begin();
    const chunks: Uint8Array[] = [];
    let pending: Promise<void>[] | undefined;
    let written = 0;
    const events = eventsOf(delivery);
    const encoder = new EventEncoder(events, codec);
    const owners: Event[] | undefined = part.writeEach === undefined ? undefined : [];
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      let bytes: Uint8Array;
      try {
        bytes = encoder.bytes(index);
      } catch (thrown) {
        this.#failEvent(event, thrown, tally);
        continue;
      }
      this.#metrics.bytes += bytes.byteLength;
      written++;
      try {
        const running = only.framer.frame(event, bytes, chunks);
        if (running !== undefined) (pending ??= []).push(running);
        while (owners !== undefined && owners.length < chunks.length) owners.push(event);
      } catch (thrown) {
        written--;
        this.#failEvent(event, thrown, tally);
      }
    }
    if (written === 0 && chunks.length === 0) return;
    if (pending === undefined && !only.holds) {
      return owners === undefined ? part.write(chunks, written, 0) : this.#writeEach(part, chunks, owners, tally);
    }
    return only.post(chunks, pending ?? [], written).then((held) => {
      tally.held = held;
      this.#flushLater();
    });
  }

  /** Each event has its own verdict. */
  async #writeEach(part: ByteSinkPart, chunks: Uint8Array[], owners: readonly Event[], tally: Tally): Promise<void> {
    const failed = failuresOf(await part.writeEach!(chunks), owners);
    for (const [event, thrown] of failed) this.#failEvent(event, thrown, tally);
    tally.refused += failed.size;
  }

  #writeJoined(joiner: FrameJoiner, part: ByteSinkPart, delivery: Delivery, tally: Tally): void | Promise<void> {
    this.#joining = tally;
    const { chunks, events, bytes } = joiner.join(
      delivery,
      this.#options.codec ?? delivery.codec,
      this.#onNotJoined,
    );
    this.#metrics.bytes += bytes;
    if (events > 0) return part.write(chunks, events, 0);
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
        if (open.length >= this.most) return this.#writeRest(part, feeds, open, tally);
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
    this.unfinished = true;
    try {
      for (;;) {
        await open.shift();
        const next = this.#nextFeed(feeds, tally);
        if (next === undefined) break;
        const writing = this.#writeFeed(part, next, tally);
        if (writing !== undefined) open.push(writing);
      }
    } finally {
      this.unfinished = false;
      this.onFinished();
      await Promise.all(open);
    }
  }

  /** One batch; a rejection fails its events and not those of the batches before it. */
  #writeFeed(part: BatchSinkPart, feed: Feed, tally: Tally): void | Promise<void> {
    const { batch } = feed;
    for (let index = 0; index < batch.count; index++) {
      this.#metrics.bytes += batch.payloadLength(index);
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
    const error = this.asSinkError(thrown);
    const { count } = feed.batch;
    for (let index = 0; index < count; index++) feed.fail(index, error);
    tally.failed += count;
    tally.refused += count;
    this.#options.onError(error);
    feed.release();
  }

  #judge(
    result: void | WriteResult,
    fail: (index: number, reason: unknown) => void,
    tally: Tally,
  ): void {
    if (result === undefined || result.verdicts.length === 0) return;
    const error = this.asSinkError(
      result.reason ?? `${result.verdicts.length} events were refused`,
    );
    for (const { index } of result.verdicts) fail(index, error);
    tally.failed += result.verdicts.length;
    tally.refused += result.verdicts.length;
    this.#options.onError(error);
  }
}
