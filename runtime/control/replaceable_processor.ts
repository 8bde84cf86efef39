/** A processor of a plugin that can be exchanged while its flow runs. @module */
import type { Attempt, PartMetrics, ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import { exchange } from "./exchange.ts";
import type { Exchange, LaunchedPart, Replaceable, ReplaceableOptions } from "./replaceable_part.ts";
import { requireShape } from "./require_shape.ts";
import { SwapGate } from "./swap_gate.ts";

/** Sends batches through the part there is; while it is exchanged, they wait. */
export class ReplaceableProcessor implements ProcessorPart, Replaceable {
  readonly codec?: string;
  readonly maxEvents: number;
  readonly maxBytes?: number;
  readonly output?: { readonly capacity: number; readonly arenaBytes: number };
  readonly #options: ReplaceableOptions;
  readonly #gate = new SwapGate();
  #part: ProcessorPart;
  #connected: Attempt | undefined;
  #closed = false;

  /** Goes on with `first`. */
  constructor(first: ProcessorPart, options: ReplaceableOptions) {
    this.#options = options;
    this.#part = first;
    this.maxEvents = first.maxEvents;
    if (first.codec !== undefined) this.codec = first.codec;
    if (first.maxBytes !== undefined) this.maxBytes = first.maxBytes;
    if (first.output !== undefined) this.output = first.output;
  }

  /** Starts the part. */
  start(): void | Promise<void> {
    return this.#part.start?.();
  }

  /** Connects the part. */
  async connect(attempt: Attempt): Promise<void> {
    await this.#part.connect?.(attempt);
    this.#connected = attempt;
  }

  /** Tells the part. */
  pause(): void | Promise<void> {
    return this.#part.pause?.();
  }

  /** Tells the part. */
  resume(): void | Promise<void> {
    return this.#part.resume?.();
  }

  /** Sends a batch through the part. */
  process(batch: Batch, out: Batch, more?: () => Batch): void | Promise<void> {
    return this.#gate.pass<void>(() => this.#part.process(batch, out, more));
  }

  /** What the part says about itself. */
  metrics(): PartMetrics | Promise<PartMetrics> {
    return this.#part.metrics?.() ?? {};
  }

  /** Exchanges the part; see {@linkcode Replaceable.replace}. */
  async replace({ part }: LaunchedPart): Promise<Exchange> {
    const { alias, onError } = this.#options;
    const old = this.#part;
    const next = (part as { readonly processor: ProcessorPart }).processor;
    requireShape(alias, this, next, ["codec"], ["maxEvents", "maxBytes"]);
    await next.start?.();
    if (this.#connected !== undefined) await next.connect?.({ ...this.#connected, sinceLastSuccess: 0 });
    return await exchange({
      alias,
      gate: this.#gate,
      old,
      swap: () => this.#part = next,
      closed: () => this.#closed,
      onError,
    });
  }

  /** Ends the part. */
  close(): void | Promise<void> {
    this.#closed = true;
    return this.#part.close();
  }
}
