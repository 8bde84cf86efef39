/** A sink of a plugin that can be exchanged while its flow runs. @module */
import type { Attempt, BatchSinkPart, PartMetrics, WriteResult } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import { exchange } from "./exchange.ts";
import type { Exchange, LaunchedPart, Replaceable, ReplaceableOptions } from "./replaceable_part.ts";
import { requireShape } from "./require_shape.ts";
import { SwapGate } from "./swap_gate.ts";

/** Writes to the part there is; while it is exchanged, writes wait in the order they came. */
export class ReplaceableSink implements BatchSinkPart, Replaceable {
  readonly accepts = "batches";
  readonly codec?: string;
  readonly maxEvents: number;
  readonly inFlight: number;
  readonly #options: ReplaceableOptions;
  readonly #gate = new SwapGate();
  #part: BatchSinkPart;
  #connected: Attempt | undefined;
  #closed = false;

  /** Goes on with `first`. */
  constructor(first: BatchSinkPart, options: ReplaceableOptions) {
    this.#options = options;
    this.#part = first;
    if (first.codec !== undefined) this.codec = first.codec;
    this.maxEvents = first.maxEvents;
    this.inFlight = first.inFlight ?? 1;
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

  /** Writes a batch. */
  write(batch: Batch): void | WriteResult | Promise<void | WriteResult> {
    return this.#gate.pass<void | WriteResult>(() => this.#part.write(batch));
  }

  /** What the part says about itself. */
  metrics(): PartMetrics | Promise<PartMetrics> {
    return this.#part.metrics?.() ?? {};
  }

  /** Exchanges the part; see {@linkcode Replaceable.replace}. */
  async replace({ part }: LaunchedPart): Promise<Exchange> {
    const { alias, onError } = this.#options;
    const old = this.#part;
    const next = (part as { readonly sink: BatchSinkPart }).sink;
    requireShape(alias, this, next, ["accepts", "codec"], ["maxEvents"]);
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
