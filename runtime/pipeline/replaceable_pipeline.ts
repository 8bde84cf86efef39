/** A pipeline whose steps are replaced while it runs. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { Consumer, Delivery } from "../flow/delivery.ts";
import type { CompiledPipeline } from "./compiled_pipeline.ts";
import type { Kernel } from "./kernel.ts";
import { Pipeline } from "./pipeline.ts";
import type { PipelineMetrics, PipelineOptions } from "./pipeline_options.ts";

/**
 * Hands deliveries to a {@linkcode Pipeline}, and to another one after {@linkcode ReplaceablePipeline.replace}. Every
 * delivery goes through one of them as a whole; while they change, deliveries wait in the order they came.
 */
export class ReplaceablePipeline implements Consumer {
  readonly #options: PipelineOptions;
  readonly #before: PipelineMetrics = { in: 0, out: 0, dropped: 0, failed: 0 };
  #current: Pipeline;
  #running = 0;
  #idle: (() => void) | undefined;
  #replacing: Promise<void> | undefined;
  #closed = false;

  /** Begins with `pipeline`; what replaces it gets the same `options`, but a kernel of its own. */
  constructor(pipeline: Pipeline, options: PipelineOptions) {
    this.#current = pipeline;
    this.#options = { ...options, kernel: undefined };
  }

  /** Of all pipelines it was so far. */
  get metrics(): PipelineMetrics {
    const { in: taken, out, dropped, failed } = this.#current.metrics;
    const before = this.#before;
    return {
      in: before.in + taken,
      out: before.out + out,
      dropped: before.dropped + dropped,
      failed: before.failed + failed,
    };
  }

  /** Hands a delivery on. */
  push(delivery: Delivery): void | Promise<void> {
    if (this.#replacing !== undefined) return this.#replacing.then(() => this.push(delivery));
    const pushing = this.#current.push(delivery);
    if (pushing === undefined) return;
    this.#running++;
    return pushing.finally(() => {
      if (--this.#running === 0) this.#idle?.();
    });
  }

  /**
   * Replaces the steps between two deliveries. What the old steps hold is given out first, as at the end of a flow: open
   * windows give their results, with the verdicts of their events. The new ones begin anew.
   *
   * @param kernel runs the first of the new steps; that of the old ones is of no use any more when this resolves
   * @throws {CaissonError} `CAISSON_FLOW_STATE` when the flow ends meanwhile
   */
  async replace(next: CompiledPipeline, kernel?: Kernel): Promise<void> {
    while (this.#replacing !== undefined) await this.#replacing;
    const changing = this.#change(next, kernel);
    // Whoever waits to push waits for the change, not for how it went.
    this.#replacing = changing.then(() => {}, () => {}).finally(() => this.#replacing = undefined);
    await changing;
  }

  async #change(next: CompiledPipeline, kernel: Kernel | undefined): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#idle = resolve);
    this.#idle = undefined;
    const old = this.#current;
    await old.finish();
    if (this.#closed) {
      const { alias } = this.#options;
      throw new CaissonError("CAISSON_FLOW_STATE", { subject: alias, found: "stopped", allowed: "a running flow" });
    }
    const replacement = new Pipeline(next, { ...this.#options, kernel });
    for (const key of ["in", "out", "dropped", "failed"] as const) this.#before[key] += old.metrics[key];
    this.#current = replacement;
    old.close();
  }

  /** Waits for a replacement under way, then hands on what operators hold and drains what follows. */
  async drain(): Promise<void> {
    while (this.#replacing !== undefined) await this.#replacing;
    await this.#current.drain();
  }

  /** Stops timers and lets go of what operators have open. */
  close(): void {
    this.#closed = true;
    this.#current.close();
  }
}
