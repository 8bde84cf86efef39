/** A processor of a plugin that can be exchanged while its flow runs. @module */
import type { ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import { GatedPart } from "./gated_part.ts";
import type { Exchange, LaunchedPart, Replaceable, ReplaceableOptions } from "./replaceable_part.ts";
import { requireShape } from "./require_shape.ts";

/** Sends batches through the part there is; while it is exchanged, they wait. */
export class ReplaceableProcessor extends GatedPart<ProcessorPart> implements ProcessorPart, Replaceable {
  readonly codec?: string;
  readonly maxEvents: number;
  readonly maxBytes?: number;
  readonly output?: { readonly capacity: number; readonly arenaBytes: number };

  /** Goes on with `first`. */
  constructor(first: ProcessorPart, options: ReplaceableOptions) {
    super(first, options);
    this.maxEvents = first.maxEvents;
    if (first.codec !== undefined) this.codec = first.codec;
    if (first.maxBytes !== undefined) this.maxBytes = first.maxBytes;
    if (first.output !== undefined) this.output = first.output;
  }

  /** Sends a batch through the part. */
  process(batch: Batch, out: Batch, more?: () => Batch): void | Promise<void> {
    return this.gate.pass<void>(() => this.part.process(batch, out, more));
  }

  /** Exchanges the part; see {@linkcode Replaceable.replace}. */
  async replace({ part }: LaunchedPart): Promise<Exchange> {
    const next = (part as { readonly processor: ProcessorPart }).processor;
    requireShape(this.options.alias, this, next, ["codec"], ["maxEvents", "maxBytes"]);
    return await this.exchangeFor(next);
  }
}
