/** Drives a sink: queues deliveries, encodes, writes, settles. @module */
import type { Codec } from "../codec/codec.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, eventCount } from "../flow/delivery.ts";
import type { Breaker } from "./breaker.ts";
import { emptyMetrics, type NodeMetrics } from "./connector_metrics.ts";
import type { Gate } from "./gate.ts";
import { SinkWriter, type SinkWriterOptions, type Tally } from "./sink_writer.ts";

/** Deliveries a slow sink may have waiting before its producers wait too. */
const QUEUE = 4;

/** What a {@linkcode SinkManager} needs. */
export interface SinkManagerOptions extends SinkWriterOptions {
  /** Nothing is written while it is closed; what comes waits. @default {always open} */
  readonly gate?: Gate | undefined;
  /** Closes the gate when the part fails again and again. @default {nothing does} */
  readonly breaker?: Breaker | undefined;
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
  readonly #writer: SinkWriter;
  readonly #queue: Delivery[] = [];
  #open = 0;
  /** Postprocessors hold events for as long as they may. */
  #isDue = false;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];
  #failure: CaissonError | undefined;
  #failing: Promise<void> | undefined;
  /** Set when nothing will ever be written again. */
  #givenUp: CaissonError | undefined;
  #lostBy: { readonly reason: unknown } | undefined;
  /** The write that is under way, where nothing else is: it is not to cost an object and two functions. */
  #writing: Delivery | undefined;
  readonly #tally: Tally = { failed: 0, refused: 0, held: 0 };
  readonly #onWritten = (): void => this.#wrote(this.#taken(), this.#tally);
  readonly #onRefused = (thrown: unknown): void => this.#refused(this.#taken(), thrown, this.#tally);

  /** Allocates nothing before the first delivery. */
  constructor(options: SinkManagerOptions) {
    this.#options = options;
    this.#writer = new SinkWriter(options, this.metrics);
    this.#writer.onFinished = () => this.#startQueued();
    this.#writer.onDue = () => {
      this.#isDue = true;
      this.#flushDue();
    };
    options.gate?.onChange((isOpen) => {
      if (isOpen) this.#wake();
      // Who waits for room may have other sinks to write to.
      else for (const resume of this.#waiting.splice(0)) resume();
    });
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
    return this.#open < this.#writer.most && !this.#writer.unfinished && this.#options.gate?.isOpen !== false;
  }

  /** Fails what waits and everything that still comes: there is nothing to write to any longer. */
  giveUp(error: CaissonError): void {
    this.#failure ??= error;
    this.#givenUp = error;
    this.#options.onError(error);
    this.#failing = this.#writer.failHeld(error);
    this.#wake();
  }

  /** The connection is gone: what postprocessors hold fails, and the next connection gets no half of a frame. */
  lost(reason: unknown): void {
    this.#lostBy = { reason };
    this.#beginAnew();
  }

  /** Not while something is written: that fails, or was the last that went through. */
  #beginAnew(): void {
    const lost = this.#lostBy;
    if (lost === undefined || this.#open > 0) return;
    this.#lostBy = undefined;
    this.#open++;
    void this.#writer.lost(lost.reason).then(() => this.#done());
  }

  /** Between two writes, and before whatever waits. */
  #flushDue(): void {
    if (!this.#isDue || !this.#free) return;
    this.#isDue = false;
    this.#open++;
    void this.#writer.flush().then(() => this.#done());
  }

  #start(delivery: Delivery): void {
    const tally = this.#writer.most === 1 && this.#open === 0 ? this.#tally : { failed: 0, refused: 0, held: 0 };
    tally.failed = tally.refused = tally.held = 0;
    let writing: void | Promise<void> = undefined;
    try {
      if (this.#givenUp !== undefined) throw this.#givenUp;
      writing = this.#writer.write(delivery, tally);
    } catch (thrown) {
      this.#writer.failAll(delivery, thrown, tally);
    }
    if (writing === undefined) return this.#settle(delivery, tally);
    this.#open++;
    if (tally === this.#tally) {
      this.#writing = delivery;
      writing.then(this.#onWritten, this.#onRefused);
      return;
    }
    writing.then(() => this.#wrote(delivery, tally), (thrown) => this.#refused(delivery, thrown, tally));
  }

  #taken(): Delivery {
    const delivery = this.#writing!;
    this.#writing = undefined;
    return delivery;
  }

  #refused(delivery: Delivery, thrown: unknown, tally: Tally): void {
    this.#writer.failAll(delivery, thrown, tally);
    this.#wrote(delivery, tally);
  }

  #wrote(delivery: Delivery, tally: Tally): void {
    this.#settle(delivery, tally);
    this.#done();
  }

  #done(): void {
    this.#open--;
    this.#beginAnew();
    this.#wake();
  }

  #wake(): void {
    this.#flushDue();
    this.#startQueued();
    if (this.#open > 0 || this.#queue.length > 0) return;
    if (this.#waiting.length > 0) { for (const resume of this.#waiting.splice(0)) resume(); }
    if (this.#idle.length > 0) { for (const resume of this.#idle.splice(0)) resume(); }
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
    if (this.#givenUp !== undefined) return await this.#failing;
    try {
      await this.#writer.finish();
    } catch (thrown) {
      this.#failure = this.#writer.asSinkError(thrown);
      this.#options.onError(this.#failure);
    }
  }

  /** Why the last bytes could not be written. */
  get failure(): CaissonError | undefined {
    return this.#failure;
  }

  #settle(delivery: Delivery, { failed, refused, held }: Tally): void {
    const count = eventCount(delivery);
    const written = count - failed - held;
    if (this.#givenUp === undefined) this.#options.breaker?.wrote(written, refused);
    this.metrics.failed += failed;
    this.metrics.out += written;
    if (this.#options.onWritten !== undefined && written > 0) {
      const first = delivery.events?.[0]?.timestamp ??
        delivery.batch!.timestampMs(0);
      this.#options.onWritten(
        performance.timeOrigin + performance.now() - first,
        written,
      );
    }
    delivery.settlement.release();
  }
}
