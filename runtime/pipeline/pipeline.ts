/** Chains of operators between named ports, fused into one function and run synchronously in the host. @module */
import type { Codec } from "../codec/codec.ts";
import { json } from "../codec/json.ts";
import { sleep } from "../connector/sleep.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, Event } from "../flow/delivery.ts";
import type { Batch } from "../data/batch.ts";
import type { Fanout } from "../flow/fanout.ts";
import { Settlement } from "../flow/settlement.ts";
import { PortCollector } from "./collector.ts";
import { type CompiledPipeline, linear, passesAll } from "./compiled_pipeline.ts";
import { type CursorUse, cursorUseOf } from "./cursor_use.ts";
import { fuse, type Placed } from "./fuse.ts";
import { KernelRunner } from "./kernel_runner.ts";
import type { Emit, Operator, Snapshot } from "./operator.ts";
import { actAlone, asOperatorError, readable } from "./operator_error.ts";
import type { PipelineMetrics, PipelineOptions } from "./pipeline_options.ts";
import { PipelineTimer } from "./pipeline_timer.ts";

export { compileOperators, compilePipeline } from "./compile.ts";
export type { PipelineMetrics, PipelineOptions } from "./pipeline_options.ts";

/** A running pipeline. */
export class Pipeline implements Consumer {
  /** What it did so far. */
  readonly metrics: PipelineMetrics = { in: 0, out: 0, dropped: 0, failed: 0 };
  readonly #options: PipelineOptions;
  readonly #clock: () => number;
  /** In an order in which none comes before one that feeds it. */
  readonly #placed: readonly Placed[];
  readonly #chain: Emit | undefined;
  readonly #out: PortCollector;
  readonly #sides: { readonly collector: PortCollector; readonly fanout: Fanout }[] = [];
  readonly #sideLengths: number[] = [];
  readonly #errors: PortCollector;
  readonly #timer: PipelineTimer | undefined;
  readonly #pausing: readonly Operator[];
  readonly #cursorUse: CursorUse;
  readonly #closing = new AbortController();
  readonly #kernel: KernelRunner | undefined;
  #busy: Promise<void> | undefined;
  #undelivered = 0;
  #delivered: (() => void) | undefined;

  /** Fuses the operators into one function. */
  constructor(pipeline: CompiledPipeline | readonly Operator[], options: PipelineOptions) {
    const compiled = "chains" in pipeline ? pipeline : linear(pipeline);
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#out = new PortCollector("out", true);
    this.#errors = new PortCollector("err", options.err.linked);
    for (const name of compiled.ports) {
      const fanout = options.port?.(name);
      const collector = new PortCollector(name, fanout?.linked === true);
      if (fanout !== undefined) this.#sides.push({ collector, fanout });
    }
    const fused = fuse(compiled, {
      collector: (port) => this.#collector(port),
      guarded: (next) => this.#guarded(next),
      warn: (operator, problem) => this.#warn(`${options.alias}: ${operator}`, problem),
      links: options,
      program: options.kernel?.program,
    });
    this.#chain = passesAll(compiled) ? undefined : fused.chain;
    this.#placed = fused.placed;
    this.#kernel = options.kernel === undefined ? undefined : new KernelRunner(options.kernel, fused, {
      metrics: this.metrics,
      out: this.#out.emit,
      outRange: (from, to) => this.#out.emitRange(from, to),
      failed: (event, error) => this.#failed(event, error),
      pass: (delivery) => options.out.push(delivery),
      begin: (settlement, cursor) => this.#begin(settlement, cursor),
      run: (next, event, original) => this.#runEvent(next, event, original),
      handOn: (delivery) => this.#handOn(delivery),
    });
    const operators = this.#placed.map(({ operator }) => operator);
    this.#cursorUse = cursorUseOf(compiled);
    this.#pausing = operators.filter((operator) => operator.pausedUntil !== undefined);
    if (operators.some((operator) => operator.nextTimer !== undefined)) {
      this.#timer = new PipelineTimer(operators, this.#clock, () => this.#onTimer());
    }
  }

  #collector(name: string): PortCollector {
    if (name === "out") return this.#out;
    if (name === "err") return this.#errors;
    return this.#sides.find(({ collector }) => collector.name === name)?.collector ?? unlinked;
  }

  /** Runs every event of a delivery through the operators. */
  push(delivery: Delivery): void | Promise<void> {
    const chain = this.#chain;
    if (chain === undefined) {
      const count = delivery.events?.length ?? delivery.batch!.count;
      this.metrics.in += count;
      this.metrics.out += count;
      return this.#options.out.push(delivery);
    }
    if (this.#timer === undefined && this.#pausing.length === 0) return this.#run(chain, delivery);
    return this.#inTurn(() => {
      const pause = this.#pause();
      return pause === undefined ? this.#run(chain, delivery) : pause.then(() => this.#run(chain, delivery));
    });
  }

  /** One after the other, as soon as what goes before has been taken: timers and deliveries must not overtake. */
  #inTurn(work: () => void | Promise<void>): void | Promise<void> {
    const running = this.#busy === undefined ? work() : this.#busy.then(work);
    this.#timer?.arm();
    if (running === undefined) return;
    const mine: Promise<void> = running.finally(() => {
      if (this.#busy === mine) this.#busy = undefined;
      this.#timer?.arm();
    });
    this.#busy = mine;
    return mine;
  }

  #pause(): Promise<void> | undefined {
    let until = 0;
    for (const operator of this.#pausing) until = Math.max(until, operator.pausedUntil!() ?? 0);
    const wait = until - this.#clock();
    return wait > 0 ? sleep(wait, this.#closing.signal) : undefined;
  }

  #run(chain: Emit, delivery: Delivery): void | Promise<void> {
    const kernel = this.#kernel;
    if (kernel?.takes(delivery) !== true) return this.#runEvents(chain, delivery);
    let run;
    try {
      run = kernel.judge(delivery.batch!);
    } catch (error) {
      this.#options.onError(asOperatorError(this.#options.alias, error));
      return this.#runEvents(chain, delivery);
    }
    return kernel.run(delivery, run);
  }

  #runEvents(chain: Emit, delivery: Delivery): void | Promise<void> {
    const { events, settlement } = delivery;
    if (events === undefined) return this.#runRecords(chain, delivery, delivery.batch!);
    this.#begin(settlement);
    for (let index = 0; index < events.length; index++) this.#runEvent(chain, events[index]!);
    this.metrics.in += events.length;
    return this.#handOn(delivery);
  }

  #runRecords(chain: Emit, delivery: Delivery, batch: Batch): void | Promise<void> {
    const { codec, settlement } = delivery;
    const { count } = batch;
    const use = this.#cursorUse;
    const unread = this.#valuesAreUnread(codec);
    if (count > 0 && (use === "always" || (use === "unread" && unread))) {
      const cursor = Event.raw(batch, 0, codec, settlement);
      const original = (): Event => Event.raw(batch, cursor.index, codec, settlement);
      this.#begin(settlement, cursor);
      for (let index = 0; index < count; index++) this.#runEvent(chain, cursor.moveTo(index), original);
    } else {
      this.#begin(settlement);
      // Each is made when it is its turn: a thousand made beforehand outlive a collection.
      for (let index = 0; index < count; index++) {
        const event = Event.raw(batch, index, codec, settlement);
        this.#runEvent(chain, event);
        if (unread) event.forget();
      }
    }
    this.metrics.in += count;
    return this.#handOn(delivery);
  }

  /** Whether no taker will look at the value of an event that has been through; operators keep values, but never the event. */
  #valuesAreUnread(codec: Codec): boolean {
    const { out, err } = this.#options;
    return !out.readsValues(codec) && !err.readsValues(codec) &&
      !this.#sides.some(({ fanout }) => fanout.readsValues(codec));
  }

  #runEvent(chain: Emit, event: Event, original?: () => Event): void {
    const out = this.#out;
    const sides = this.#sides;
    const before = out.length;
    for (let side = 0; side < sides.length; side++) this.#sideLengths[side] = sides[side]!.collector.length;
    try {
      if (!chain(event)) this.metrics.dropped++;
    } catch (error) {
      // What the operators emitted before one threw is taken back: one event, one verdict.
      out.takeBack(before);
      for (let side = 0; side < sides.length; side++) sides[side]!.collector.takeBack(this.#sideLengths[side]!);
      this.#failed(original?.() ?? event, error);
    }
  }

  #begin(settlement: Settlement, cursor?: Event): void {
    this.#out.begin(settlement, cursor);
    this.#errors.begin(settlement, cursor);
    for (const { collector } of this.#sides) collector.begin(settlement, cursor);
  }

  /** Hands on what the ports gathered; `out` takes over the hold on the delivery. */
  #handOn({ batch, codec, settlement }: Pick<Delivery, "batch" | "codec" | "settlement">): void | Promise<void> {
    let waiting: Promise<void>[] | undefined;
    const hand = (collector: PortCollector, fanout: Fanout, from: Delivery["batch"], decodes: Delivery["codec"]) => {
      this.metrics.out += collector.length;
      const finished = from !== undefined && collector.hasWholeBatch
        ? { events: undefined, settlement }
        : collector.finish();
      const pushing = fanout.push({ batch: from, codec: decodes, ...finished });
      if (pushing !== undefined) (waiting ??= []).push(pushing);
    };
    if (this.#errors.length > 0) {
      settlement.retain();
      hand(this.#errors, this.#options.err, undefined, json);
    }
    for (const { collector, fanout } of this.#sides) {
      if (collector.length === 0) continue;
      settlement.retain();
      hand(collector, fanout, batch, codec);
    }
    hand(this.#out, this.#options.out, batch, codec);
    if (waiting === undefined) return;
    return waiting.length === 1 ? waiting[0] : Promise.all(waiting).then(() => {});
  }

  /** For an operator that makes events of its own: one that fails further on is no fault of the event at hand. */
  #guarded(next: Emit): Emit {
    return (event) => {
      try {
        return next(event);
      } catch (error) {
        this.#failed(event, error);
        return true;
      }
    };
  }

  #failed(event: Event, thrown: unknown): void {
    const error = asOperatorError(this.#options.alias, thrown);
    this.#options.onError(error);
    if (this.#options.err.linked) {
      this.#errors.emit(event.with({ error: error.toJSON(), event: readable(event) }));
      return;
    }
    this.metrics.failed++;
    event.settlement?.fail(event.origin, error);
  }

  #warn(subject: string, problem: { readonly found: string; readonly allowed: string; readonly action: string }): void {
    this.#options.onError(new CaissonError("CAISSON_OPERATOR_LIMIT", { subject, ...problem }));
  }

  /** Runs what makes events without one at hand, and hands them on. */
  #make(work: () => void): void | Promise<void> {
    const settlement = this.#made();
    this.#begin(settlement);
    work();
    return this.#handOn({ batch: undefined, codec: json, settlement });
  }

  /** The settlement of events nobody sent: counted until whoever takes them lets go. */
  #made(): Settlement {
    let open = true;
    const done = (): void => {
      if (!open) return;
      open = false;
      if (--this.#undelivered === 0) this.#delivered?.();
    };
    this.#undelivered++;
    return new Settlement(done, done);
  }

  /** Deliveries it made without one at hand, and which are not delivered yet. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** Resolves when there are none; for one waiter. */
  delivered(): Promise<void> {
    return this.#undelivered === 0 ? Promise.resolve() : new Promise((resolve) => this.#delivered = resolve);
  }

  #onTimer(): void {
    const firing = this.#inTurn(() =>
      this.#make(() => {
        const now = this.#clock();
        for (const { operator, emit } of this.#placed) {
          const due = operator.nextTimer?.();
          if (due !== undefined && due <= now) actAlone(this.#options, () => operator.onTimer!(now, emit));
        }
      })
    );
    // A consumer's rejection has been reported by the consumer; nobody waits for a timer.
    firing?.catch(() => {});
  }

  /** The state of all operators, by their place. */
  snapshot(): Readonly<Record<string, Snapshot>> {
    const state: Record<string, Snapshot> = {};
    for (const { id, operator } of this.#placed) {
      if (operator.snapshot !== undefined) state[id] = operator.snapshot();
    }
    return state;
  }

  /**
   * Takes the state {@linkcode Pipeline.snapshot} gave, before the first event.
   *
   * @throws {CaissonError} `CAISSON_STATE_MISMATCH` when it is not of a pipeline with these steps
   */
  restore(state: Readonly<Record<string, Snapshot>>): void {
    const stateful = this.#placed.filter(({ operator }) => operator.restore !== undefined);
    const found = Object.keys(state).sort().join(", ");
    const allowed = stateful.map(({ id }) => id).sort().join(", ");
    if (found !== allowed) {
      throw new CaissonError("CAISSON_STATE_MISMATCH", { subject: this.#options.alias, found, allowed });
    }
    for (const { id, operator } of stateful) operator.restore!(state[id]);
    this.#timer?.arm();
  }

  /** Hands on what operators hold, unless told not to, and drains what follows. */
  async drain(flush = true): Promise<void> {
    await this.finish(flush);
    await Promise.all([
      this.#options.out.drain(),
      this.#options.err.drain(),
      ...this.#sides.map(({ fanout }) => fanout.drain()),
    ]);
  }

  /** Stops timers and hands on what operators hold. @param flush whether open windows give their results */
  async finish(flush = true): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
    this.#timer?.close();
    for (const { operator, emit } of this.#placed) {
      if (flush && operator.flush !== undefined) {
        await this.#make(() => actAlone(this.#options, () => operator.flush!(emit)));
      }
    }
  }

  /** Stops timers and lets go of what operators have open; what they hold is not handed on. */
  close(): void {
    this.#timer?.close();
    this.#closing.abort();
    for (const { operator } of this.#placed) operator.close?.();
  }
}

const unlinked = new PortCollector("", false);
