/** A chain of operators between the ports `in`, `out` and `err`, run synchronously in the host. @module */
import { json } from "../codec/json.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { type Consumer, type Delivery, type Event, eventsOf } from "../flow/delivery.ts";
import type { OperatorDefinition, PipelineDefinition } from "../flow/flow_definition.ts";
import type { Fanout } from "../flow/fanout.ts";
import { Settlement } from "../flow/settlement.ts";
import { compileCount } from "./count.ts";
import { compileExtract } from "./extract.ts";
import { compileFilter } from "./filter.ts";
import type { Emit, Operator } from "./operator.ts";
import { compileProject } from "./project.ts";

/** What a pipeline did so far. */
export interface PipelineMetrics {
  /** Events taken. */
  in: number;
  /** Events handed on, those to `err` included. */
  out: number;
  /** Events an operator let go on purpose. */
  dropped: number;
  /** Events an operator threw on while nothing was linked to `err`. */
  failed: number;
}

/** What a {@linkcode Pipeline} needs. */
export interface PipelineOptions {
  /** `flow/pipeline`, for errors. */
  readonly alias: string;
  /** Takes what comes out. */
  readonly out: Fanout;
  /** Takes events an operator threw on; when nothing is linked, they are failed. */
  readonly err: Fanout;
  /** Told about each event an operator threw on. */
  readonly onError: (error: CaissonError) => void;
}

/** Compiles the operators of a pipeline; every error names the path in the flow. */
export function compileOperators(
  definition: PipelineDefinition,
  path: string,
): Operator[] {
  const operators = "operators" in definition ? definition.operators : definition;
  return operators.map((operator, index) => compileOperator(operator, `${path}[${index}]`));
}

function compileOperator(operator: OperatorDefinition, path: string): Operator {
  if ("filter" in operator) {
    return compileFilter(operator.filter, `${path}.filter`);
  }
  if ("project" in operator) {
    return compileProject(operator.project, `${path}.project`);
  }
  if ("extract" in operator) {
    return compileExtract(operator.extract, `${path}.extract`);
  }
  return compileCount(operator.count, `${path}.count`);
}

/** A running pipeline. */
export class Pipeline implements Consumer {
  /** What it did so far. */
  readonly metrics: PipelineMetrics = { in: 0, out: 0, dropped: 0, failed: 0 };
  readonly #options: PipelineOptions;
  readonly #operators: readonly Operator[];
  readonly #chain: Emit | undefined;
  readonly #emitters: Emit[] = [];
  #collected: Event[] = [];
  #errors: Event[] = [];

  /** Fuses the operators into one function. */
  constructor(operators: readonly Operator[], options: PipelineOptions) {
    this.#options = options;
    this.#operators = operators;
    let next: Emit = (event) => this.#collected.push(event) > 0;
    for (const operator of [...operators].reverse()) {
      const emit = operator.flush === undefined ? next : this.#guarded(next);
      this.#emitters.unshift(emit);
      next = (event) => operator.step(event, emit);
    }
    this.#chain = operators.length === 0 ? undefined : next;
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
    const events = eventsOf(delivery);
    const out: Event[] = this.#collected = [];
    const errors: Event[] = this.#errors = [];
    let dropped = 0;
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      const before = out.length;
      try {
        if (!chain(event)) dropped++;
      } catch (error) {
        // What the operator emitted before it threw is taken back: one event, one verdict.
        out.length = before;
        errors.push(this.#failed(event, error));
      }
    }
    this.metrics.in += events.length;
    this.metrics.out += out.length;
    this.metrics.dropped += dropped;
    const failing = errors.length === 0 ? undefined : this.#pushErrors(delivery, errors);
    const pushing = this.#options.out.push({
      batch: delivery.batch,
      events: out,
      codec: delivery.codec,
      settlement: delivery.settlement,
    });
    return failing === undefined ? pushing : Promise.all([failing, pushing]).then(() => {});
  }

  /** For an operator that makes events of its own: one that fails further on is no fault of the event at hand. */
  #guarded(next: Emit): Emit {
    return (event) => {
      try {
        return next(event);
      } catch (error) {
        this.#errors.push(this.#failed(event, error));
        return true;
      }
    };
  }

  #failed(event: Event, thrown: unknown): Event {
    const error = thrown instanceof CaissonError ? thrown : new CaissonError("CAISSON_OPERATOR_FAILED", {
      subject: this.#options.alias,
      found: messageOf(thrown),
      cause: thrown,
    });
    this.#options.onError(error);
    if (!this.#options.err.linked) {
      this.metrics.failed++;
      event.settlement?.fail(event.origin, error);
      return event;
    }
    this.metrics.out++;
    return event.with({ error: error.toJSON(), event: readable(event) });
  }

  #pushErrors(
    delivery: Delivery,
    errors: readonly Event[],
  ): void | Promise<void> {
    if (!this.#options.err.linked) return;
    delivery.settlement.retain();
    return this.#options.err.push({
      batch: undefined,
      events: errors,
      codec: json,
      settlement: delivery.settlement,
    });
  }

  /** Hands on what operators hold. */
  async drain(): Promise<void> {
    for (const [index, operator] of this.#operators.entries()) {
      if (operator.flush === undefined) continue;
      const out: Event[] = this.#collected = [];
      const errors: Event[] = this.#errors = [];
      operator.flush(this.#emitters[index]!);
      this.metrics.out += out.length;
      const made: Delivery = { batch: undefined, events: out, codec: json, settlement: new Settlement(() => {}) };
      if (errors.length > 0) await this.#pushErrors(made, errors);
      await this.#options.out.push(made);
    }
    await Promise.all([this.#options.out.drain(), this.#options.err.drain()]);
  }
}

function readable(event: Event): unknown {
  try {
    return event.value;
  } catch {
    // The value did not decode: that is the error being reported, so its bytes have to do.
    return new TextDecoder().decode(
      event.batch!.payload(event.index).slice(0, 4096),
    );
  }
}
