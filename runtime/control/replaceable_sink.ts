/** A sink of a plugin that can be exchanged while its flow runs. @module */
import type { BatchSinkPart, WriteResult } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import { GatedPart } from "./gated_part.ts";
import type { Exchange, LaunchedPart, Replaceable, ReplaceableOptions } from "./replaceable_part.ts";
import { requireShape } from "./require_shape.ts";

/** Writes to the part there is; while it is exchanged, writes wait in the order they came. */
export class ReplaceableSink extends GatedPart<BatchSinkPart> implements BatchSinkPart, Replaceable {
  readonly accepts = "batches";
  readonly codec?: string;
  readonly maxEvents: number;
  readonly inFlight: number;

  /** Goes on with `first`. */
  constructor(first: BatchSinkPart, options: ReplaceableOptions) {
    super(first, options);
    if (first.codec !== undefined) this.codec = first.codec;
    this.maxEvents = first.maxEvents;
    this.inFlight = first.inFlight ?? 1;
  }

  /** Writes a batch. */
  write(batch: Batch): void | WriteResult | Promise<void | WriteResult> {
    return this.gate.pass<void | WriteResult>(() => this.part.write(batch));
  }

  /** Exchanges the part; see {@linkcode Replaceable.replace}. */
  async replace({ part }: LaunchedPart): Promise<Exchange> {
    const next = (part as { readonly sink: BatchSinkPart }).sink;
    requireShape(this.options.alias, this, next, ["accepts", "codec"], ["maxEvents"]);
    return await this.exchangeFor(next);
  }
}
