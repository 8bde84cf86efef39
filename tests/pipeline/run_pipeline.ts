/** Runs a pipeline over values and tells what became of them. @module */
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import type { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";

/** One event: its value, and when it came in, milliseconds. */
export interface Timed {
  readonly at: number;
  readonly value: unknown;
}

/** What a run gave. */
export interface Run {
  /** Values by port. */
  readonly ports: Record<string, unknown[]>;
  /** Values of `out`. */
  readonly out: unknown[];
  /** What the pipeline reported. */
  readonly errors: CaissonError[];
  /** Verdicts by the index of the event. */
  readonly verdicts: Map<number, "delivered" | "failed">;
  /** The pipeline. */
  readonly pipeline: Pipeline;
}

/** A pipeline under test, fed by hand; every delivery that comes out is taken at once. */
export class Bench {
  readonly run: Run;
  #fed = 0;
  readonly #clock: { readonly now: number };

  constructor(
    definition: PipelineDefinition,
    { linked = [], clock = { now: 0 } }: { linked?: readonly string[]; clock?: { readonly now: number } } = {},
  ) {
    this.#clock = clock;
    const ports: Record<string, unknown[]> = { out: [] };
    const fanouts = new Map<string, Fanout>();
    for (const name of ["out", ...linked]) {
      const into: unknown[] = ports[name] ??= [];
      const fanout = new Fanout();
      fanout.link({
        push: (delivery: Delivery) => {
          for (const event of eventsOf(delivery)) into.push(event.value);
          delivery.settlement.release();
        },
        drain: () => Promise.resolve(),
      });
      fanouts.set(name, fanout);
    }
    const errors: CaissonError[] = [];
    const pipeline = new Pipeline(compilePipeline(definition, "flow: pipelines.main"), {
      alias: "flow/main",
      out: fanouts.get("out")!,
      err: fanouts.get("err") ?? new Fanout(),
      port: (name) => fanouts.get(name) ?? new Fanout(),
      onError: (error) => errors.push(error),
      clock: () => this.#clock.now,
    });
    this.run = { ports, out: ports["out"]!, errors, verdicts: new Map(), pipeline };
  }

  /** Feeds events as one delivery. */
  async feed(events: readonly Timed[]): Promise<void> {
    const batch = Batch.allocate({ capacity: Math.max(1, events.length), arenaBytes: 1 << 20 });
    for (const { at, value } of events) batch.appendBytes(json.encode(value), at);
    const first = this.#fed;
    this.#fed += events.length;
    await this.run.pipeline.push({
      batch,
      events: undefined,
      codec: json,
      settlement: new Settlement((failures) => {
        for (let index = 0; index < events.length; index++) {
          if (this.run.verdicts.has(first + index)) throw new Error("an event got two verdicts");
          this.run.verdicts.set(first + index, failures.has(index) ? "failed" : "delivered");
        }
        // Its memory is used again: whoever still looks at it shows.
        batch.arena.fill(0);
      }, () => batch.arena.fill(0)),
    });
  }
}

/** Runs values through a pipeline in deliveries of `perDelivery`, one nanosecond apart, and drains it. */
export async function runPipeline(
  definition: PipelineDefinition,
  values: readonly unknown[],
  { linked = [], perDelivery = 7, times }: {
    linked?: readonly string[];
    perDelivery?: number;
    times?: readonly number[];
  } = {},
): Promise<Run> {
  const bench = new Bench(definition, { linked });
  const timed = values.map((value, index) => ({ at: times?.[index] ?? index / 1e6, value }));
  for (let from = 0; from < timed.length; from += perDelivery) await bench.feed(timed.slice(from, from + perDelivery));
  await bench.run.pipeline.drain();
  bench.run.pipeline.close();
  return bench.run;
}
