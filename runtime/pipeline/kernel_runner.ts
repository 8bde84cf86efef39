/** Takes deliveries through the native kernel, then through the steps behind it. @module */
import type { Batch } from "../data/batch.ts";
import type { Delivery } from "../flow/delivery.ts";
import { Event } from "../flow/delivery.ts";
import type { Settlement } from "../flow/settlement.ts";
import type { Fused } from "./fuse.ts";
import { type Kernel, type KernelResult, ORIGIN, PROJECTED, PUNTED, settleInput } from "./kernel.ts";
import type { Row } from "./kernel_rows.ts";
import type { Emit } from "./operator.ts";
import type { PipelineMetrics } from "./pipeline_options.ts";

/** What the runner needs of its pipeline. */
export interface KernelHost {
  /** What it counts. */
  readonly metrics: PipelineMetrics;
  /** Emits to the port `out`. */
  readonly out: Emit;
  /** Hands a batch on as it is. */
  readonly pass: (delivery: Delivery) => void | Promise<void>;
  /** Before the first event of a delivery. */
  readonly begin: (settlement: Settlement) => void;
  /** Runs one event; one that fails is told as `original` gives it. */
  readonly run: (chain: Emit, event: Event, original?: () => Event) => void;
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

  /** Runs what the kernel's program leaves to the operators. */
  constructor(kernel: Kernel, fused: Fused, host: KernelHost) {
    this.#kernel = kernel;
    this.#fused = fused;
    this.#host = host;
    this.#feed = (event) => fused.fed!.step(event, this.#row);
  }

  /** Whether it can take a delivery. */
  takes(delivery: Delivery): boolean {
    const { fed } = this.#fused;
    const { changes, projects } = this.#kernel.program;
    // A step that hands on what it was given would hand on an event the kernel has not written.
    const isWhole = fed === undefined || fed.reusesEvent || projects || !changes;
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

  #runEvents({ batch, codec, settlement: input }: Delivery, { out, kept, punted, marks, give }: KernelResult) {
    const host = this.#host;
    const rest = this.#fused.afterKernel!;
    if (this.#kernel.program.projects && punted === 0 && rest === host.out) {
      host.metrics.out += kept;
      const origins = marks.slice();
      const settlement = settleInput(input, give, (index) => origins[index]! & ORIGIN);
      return host.pass({ batch: out, events: undefined, codec, settlement });
    }
    const settlement = settleInput(input, give, (index) => index);
    host.begin(settlement);
    for (let index = 0; index < kept; index++) {
      const mark = marks[index]!;
      const origin = mark & ORIGIN;
      const original = () => Event.raw(batch!, origin, codec, settlement);
      if ((mark & PROJECTED) !== 0) host.run(rest, Event.raw(out, index, codec, settlement, origin), original);
      else host.run((mark & PUNTED) === 0 ? rest : this.#fused.chain, original());
    }
    return host.handOn({ batch, codec, settlement });
  }

  /** Feeds a step with rows; what it passes on is the event itself, or its projection. */
  #runRows({ batch, codec, settlement: input }: Delivery, { out, kept, marks, row, give }: KernelResult) {
    const host = this.#host;
    const { fed, chain } = this.#fused;
    const { projects } = this.#kernel.program;
    const settlement = projects ? settleInput(input, give, (index) => index) : input;
    host.begin(settlement);
    const same = fed!.reusesEvent && kept > 0 ? Event.raw(batch!, 0, codec, settlement) : undefined;
    for (let index = 0; index < kept; index++) {
      const mark = marks[index]!;
      const origin = mark & ORIGIN;
      if ((mark & PUNTED) !== 0) {
        host.run(chain, Event.raw(batch!, origin, codec, settlement));
        continue;
      }
      this.#row = row(index);
      if (same !== undefined) host.run(this.#feed, same.moveTo(origin));
      else if (!projects) host.run(this.#feed, Event.raw(batch!, origin, codec, settlement));
      else {
        host.run(
          this.#feed,
          Event.raw(out, index, codec, settlement, origin),
          () => Event.raw(batch!, origin, codec, settlement),
        );
      }
    }
    if (!projects) give();
    return host.handOn({ batch, codec, settlement });
  }
}
