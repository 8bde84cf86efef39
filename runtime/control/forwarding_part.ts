/** What every part that can be exchanged does alike: it passes on to the part there is. @module */
import type { Attempt, Part, PartMetrics } from "../connector/contract.ts";

/** Passes on what a flow tells a part of any kind. */
export abstract class ForwardingPart implements Part {
  #connected: Attempt | undefined;

  /** The part there is. */
  protected abstract get part(): Part;

  /** The attempt that connected it, if one has. */
  protected get connected(): Attempt | undefined {
    return this.#connected;
  }

  /** Starts the part. */
  start(): void | Promise<void> {
    return this.part.start?.();
  }

  /** Connects the part. */
  async connect(attempt: Attempt): Promise<void> {
    await this.part.connect?.(attempt);
    this.#connected = attempt;
  }

  /** Tells the part. */
  pause(): void | Promise<void> {
    return this.part.pause?.();
  }

  /** Tells the part. */
  resume(): void | Promise<void> {
    return this.part.resume?.();
  }

  /** What the part says about itself. */
  metrics(): PartMetrics | Promise<PartMetrics> {
    return this.part.metrics?.() ?? {};
  }

  /** Ends the part. */
  abstract close(): void | Promise<void>;
}
