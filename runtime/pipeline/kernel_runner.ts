/** Takes deliveries through the native kernel, then through the steps behind it. @module */
import type { Batch } from "../data/batch.ts";
import type { Delivery } from "../flow/delivery.ts";
import { Event } from "../flow/delivery.ts";
import type { Settlement } from "../flow/settlement.ts";
import type { Fused } from "./fuse.ts";
import { type Kernel, type KernelResult, ORIGIN, PROJECTED, PUNTED, settleInput } from "./kernel.ts";
import type { Row, Rows } from "./kernel_rows.ts";
import type { Emit } from "./operator.ts";
import type { PipelineMetrics } from "./pipeline_options.ts";

/** What the runner needs of its pipeline. */
export interface KernelHost {
  /** What it counts. */
  readonly metrics: PipelineMetrics;
  /** Emits to the port `out`. */
  readonly out: Emit;
  /** Emits events of the cursor's batch to the port `out`, from one up to another. */
  readonly outRange: (from: number, to: number) => void;
  /** Fails one event. */
  readonly failed: (event: Event, thrown: unknown) => void;
  /** Hands a batch on as it is. */
  readonly pass: (delivery: Delivery) => void | Promise<void>;
  /** Before the first event of a delivery; `cursor`: one object that stands for all of them, one after the other. */
  readonly begin: (settlement: Settlement, cursor?: Event) => void;
  /** Runs one event; one that fails is told as `original` gives it. */
  readonly run: (chain: Emit, event: Event, original?: (event: Event) => Event) => void;
  /** After the last event of a delivery. */
  readonly handOn: (delivery: Pick<Delivery, "batch" | "codec" | "settlement">) => void | Promise<void>;
}

/** The kernel of one pipeline. */
export class KernelRunner {
  readonly #kernel: Kernel;
  readonly #fused: Fused;
  readonly #host: KernelHost;
  readonly #feed: Emit;
  #row: Row = {};
  /** The event at hand as it came in; made only for one that fails. */
  readonly #original: () => Event;
  #delivery: Delivery | undefined;
  #settlement: Settlement | undefined;
  #origin = 0;
  /** What {@linkcode #settlement} knows it by. */
  #number = 0;

  /** Runs what the kernel's program leaves to the operators. */
  constructor(kernel: Kernel, fused: Fused, host: KernelHost) {
    this.#kernel = kernel;
    this.#fused = fused;
    this.#host = host;
    const feed: Emit = (event) => fused.fed!.step(event, this.#row);
    this.#feed = kernel.program.tap === undefined ? feed : (event) => {
      const taken = feed(event);
      return host.out(event) || taken;
    };
    this.#original = () => {
      const { batch, codec } = this.#delivery!;
      return Event.raw(batch!, this.#origin, codec, this.#settlement, this.#number);
    };
  }

  /** Whether it can take a delivery. */
  takes(delivery: Delivery): boolean {
    const { fed } = this.#fused;
    const { changes, projects } = this.#kernel.program;
    // A step that hands on what it was given would hand on an event the kernel has not written.
    const isWhole = fed === undefined || !fed.passes || projects || !changes;
    return isWhole && this.#kernel.takes(delivery);
  }

  /** What the kernel makes of a batch. @throws {CaissonError} when it fails; nothing was changed then */
  judge(batch: Batch): KernelResult {
    return this.#kernel.run(batch);
  }

  /** Runs the operators behind the kernel; an event it was not sure of goes through all of them. */
  run(delivery: Delivery, result: KernelResult): void | Promise<void> {
    const { metrics } = this.#host;
    const { count } = delivery.batch!;
    metrics.in += count;
    metrics.dropped += count - result.kept;
    return this.#fused.fed === undefined ? this.#runEvents(delivery, result) : this.#runRows(delivery, result);
  }

  #runEvents(delivery: Delivery, { out, isWhole, kept, marks, give }: KernelResult): void | Promise<void> {
    const host = this.#host;
    const { chain, afterKernel } = this.#fused;
    const { batch, codec, settlement: input } = delivery;
    if (isWhole && afterKernel === host.out) {
      host.metrics.out += kept;
      const origins = marks.slice();
      const settlement = settleInput(input, give, (index) => origins[index]! & ORIGIN);
      return host.pass({ batch: out, events: undefined, codec, settlement });
    }
    const settlement = settleInput(input, give, (index) => index);
    this.#begin(delivery, settlement);
    for (let index = 0; index < kept; index++) {
      const mark = marks[index]!;
      const origin = this.#origin = this.#number = mark & ORIGIN;
      const event = (mark & PROJECTED) === 0
        ? Event.raw(batch!, origin, codec, settlement)
        : Event.raw(out, index, codec, settlement, origin);
      host.run((mark & PUNTED) === 0 ? afterKernel! : chain, event, this.#original);
    }
    return host.handOn({ batch, codec, settlement });
  }

  /** Feeds a step with rows; what it passes on is the event itself, or its projection, known by its place in `out`. */
  #runRows(delivery: Delivery, { out, kept, punted, marks, rows, give }: KernelResult): void | Promise<void> {
    const host = this.#host;
    const { fed, chain } = this.#fused;
    const { batch: input, codec } = delivery;
    const { projects } = this.#kernel.program;
    const origins = projects ? marks.slice() : marks;
    const settlement = projects
      ? settleInput(delivery.settlement, give, (index) => origins[index]! & ORIGIN)
      : delivery.settlement;
    const batch = projects ? out : input!;
    const numberOf = projects ? sameNumber : originOf(origins);
    let keptNumberOf: Rows["numberOf"] | undefined;
    const cursor = fed!.reusesEvent && kept > 0 ? Event.raw(batch, 0, codec, settlement) : undefined;
    this.#begin(delivery, settlement, cursor);
    for (let index = 0; index < kept; index++) {
      if (fed!.steps !== undefined) {
        const end = punted === 0 ? kept : nextPunted(origins, index);
        rows.batch = batch;
        rows.settlement = settlement;
        rows.cursor = cursor;
        rows.numberOf = numberOf;
        rows.keptNumberOf = () => keptNumberOf ??= projects ? sameNumber : originOf(origins.slice());
        this.#runSteps(rows, origins, index, end, cursor!);
        if (end === kept) break;
        index = end;
      }
      const mark = origins[index]!;
      this.#origin = mark & ORIGIN;
      const number = this.#number = numberOf(index);
      if ((mark & PUNTED) !== 0) {
        host.run(chain, this.#original(), this.#original);
        continue;
      }
      this.#row = rows.record(index);
      host.run(this.#feed, cursor?.moveTo(number) ?? Event.raw(batch, number, codec, settlement), this.#original);
    }
    if (!projects) give();
    return host.handOn({ batch, codec, settlement });
  }

  /** Feeds a step with many rows; beside the chain that feeds it, their events go on to `out`. */
  #runSteps(rows: Rows, origins: Uint32Array, from: number, to: number, cursor: Event): void {
    const host = this.#host;
    const isTap = this.#kernel.program.tap !== undefined;
    for (let at = from; at < to;) {
      let stop = to;
      let thrown: { readonly error: unknown } | undefined;
      rows.at = at;
      rows.dropped = 0;
      try {
        this.#fused.fed!.steps!(rows, at, to);
      } catch (error) {
        thrown = { error };
        stop = rows.at;
      }
      if (isTap) this.#passOn(rows, at, stop, cursor);
      else host.metrics.dropped += rows.dropped;
      if (thrown !== undefined) {
        this.#origin = origins[stop]! & ORIGIN;
        this.#number = rows.numberOf(stop);
        host.failed(this.#original(), thrown.error);
      }
      at = stop + 1;
    }
  }

  #passOn({ numberOf }: Rows, from: number, to: number, cursor: Event): void {
    if (numberOf === sameNumber) return this.#host.outRange(from, to);
    for (let index = from; index < to; index++) this.#host.out(cursor.moveTo(numberOf(index)));
  }

  #begin(delivery: Delivery, settlement: Settlement, cursor?: Event): void {
    this.#delivery = delivery;
    this.#settlement = settlement;
    this.#host.begin(settlement, cursor);
  }
}

function originOf(marks: Uint32Array): (index: number) => number {
  return (index) => marks[index]! & ORIGIN;
}

/** Events of a projection are known by their row. */
const sameNumber = (index: number): number => index;

/** Index of the first mark from `from` on that hands its event back, or the number of marks. */
function nextPunted(marks: Uint32Array, from: number): number {
  let index = from;
  while (index < marks.length && (marks[index]! & PUNTED) === 0) index++;
  return index;
}
