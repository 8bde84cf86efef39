/** Chains of operators between named ports, fused into one function and run synchronously in the host. @module */
import { json } from "../codec/json.ts";
import { sleep } from "../connector/sleep.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, Event } from "../flow/delivery.ts";
import type { Batch } from "../data/batch.ts";
import { Settlement } from "../flow/settlement.ts";
import { type CompiledPipeline, linear, passesAll } from "./compiled_pipeline.ts";
import { type CursorUse, cursorUseOf } from "./cursor_use.ts";
import { fuse, type Placed } from "./fuse.ts";
import { KernelRunner } from "./kernel_runner.ts";
import type { Emit, Operator, Snapshot } from "./operator.ts";
import { actAlone, asOperatorError, readable } from "./operator_error.ts";
import type { PipelineMetrics, PipelineOptions } from "./pipeline_options.ts";
import { PipelinePorts } from "./pipeline_ports.ts";
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
  readonly #ports: PipelinePorts;
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
    this.#ports = new PipelinePorts(compiled.ports, options, this.metrics);
    const { out } = this.#ports;
    const fused = fuse(compiled, {
      collector: (port) => this.#ports.collector(port),
      guarded: (next) => this.#guarded(next),
      warn: (operator, problem) => this.#warn(`${options.alias}: ${operator}`, problem),
      links: options,
      program: options.kernel?.program,
    });
    this.#chain = passesAll(compiled) ? undefined : fused.chain;
    this.#placed = fused.placed;
    this.#kernel = options.kernel === undefined ? undefined : new KernelRunner(options.kernel, fused, {
      metrics: this.metrics,
      out: out.emit,
      outRange: (from, to) => out.emitRange(from, to),
      failed: (event, error) => this.#failed(event, error),
      pass: (delivery) => options.out.push(delivery),
      begin: (settlement, cursor) => this.#ports.begin(settlement, cursor),
      run: (next, event, original) => this.#runEvent(next, event, original),
      handOn: (delivery) => this.#ports.handOn(delivery),
    });
    const operators = this.#placed.map(({ operator }) => operator);
    this.#cursorUse = cursorUseOf(compiled);
    this.#pausing = operators.filter((operator) => operator.pausedUntil !== undefined);
    if (operators.some((operator) => operator.nextTimer !== undefined)) {
      this.#timer = new PipelineTimer(operators, this.#clock, () => this.#onTimer());
    }
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
    this.#ports.begin(settlement);
    for (let index = 0; index < events.length; index++) this.#runEvent(chain, events[index]!);
    this.metrics.in += events.length;
    return this.#ports.handOn(delivery);
  }

  #runRecords(chain: Emit, delivery: Delivery, batch: Batch): void | Promise<void> {
    const { codec, settlement } = delivery;
    const { count } = batch;
    const use = this.#cursorUse;
    const unread = this.#ports.valuesAreUnread(codec);
    if (count > 0 && (use === "always" || (use === "unread" && unread))) {
      const cursor = Event.raw(batch, 0, codec, settlement);
      this.#ports.begin(settlement, cursor);
      for (let index = 0; index < count; index++) this.#runEvent(chain, cursor.moveTo(index), copyOf);
    } else {
      this.#ports.begin(settlement);
      // Each is made when it is its turn: a thousand made beforehand outlive a collection.
      for (let index = 0; index < count; index++) {
        const event = Event.raw(batch, index, codec, settlement);
        this.#runEvent(chain, event);
        if (unread) event.forget();
      }
    }
    this.metrics.in += count;
    return this.#ports.handOn(delivery);
  }

  /** @param original what an event that fails is told as; without it, itself */
  #runEvent(chain: Emit, event: Event, original?: (event: Event) => Event): void {
    this.#ports.mark();
    try {
      if (!chain(event)) this.metrics.dropped++;
    } catch (error) {
      this.#ports.takeBack();
      this.#failed(original?.(event) ?? event, error);
    }
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
      this.#ports.errors.emit(event.with({ error: error.toJSON(), event: readable(event) }));
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
    this.#ports.begin(settlement);
    work();
    return this.#ports.handOn({ batch: undefined, codec: json, settlement });
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
    await this.#ports.drain();
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

/** The event a cursor stands for, which is moved on. */
function copyOf({ batch, index, codec, settlement }: Event): Event {
  return Event.raw(batch!, index, codec, settlement);
}
