/** Parts of plugins that can be exchanged for those of another version while their flow runs. @module */
import type { ComponentInstance } from "../connector/contract.ts";
import { ReplaceableProcessor } from "./replaceable_processor.ts";
import { ReplaceableSink } from "./replaceable_sink.ts";
import { ReplaceableSource } from "./replaceable_source.ts";

/** An instance that was launched, and was neither started nor connected. */
export interface LaunchedPart {
  /** The part. */
  readonly part: ComponentInstance["part"];
  /** Ends its reading, as the end of its flow would. */
  stop(): void;
}

/** What an exchange cost. */
export interface Exchange {
  /** How long nothing went through, milliseconds. */
  readonly pauseMs: number;
}

/** A part that can be exchanged. */
export interface Replaceable {
  /**
   * Starts and connects the next part, lets the old one end what it has begun, and goes on with the next. What comes
   * meanwhile waits, in order.
   *
   * @throws {CaissonError} `CAISSON_REPLACE_FAILED`, or what the next part throws; then the old one goes on
   */
  replace(next: LaunchedPart): Promise<Exchange>;
}

/** What the wrapped part of an instance is, and how it is exchanged; `undefined` for parts that cannot be. */
export function replaceablePart(
  first: LaunchedPart,
  options: ReplaceableOptions,
): { readonly part: ComponentInstance["part"]; readonly replaceable: Replaceable } | undefined {
  const { part } = first;
  switch (part.kind) {
    case "source": {
      const source = new ReplaceableSource(first, part.source, options);
      return { part: { kind: "source", source }, replaceable: source };
    }
    case "sink": {
      if (part.sink.accepts !== "batches") return undefined;
      const sink = new ReplaceableSink(part.sink, options);
      return { part: { kind: "sink", sink }, replaceable: sink };
    }
    case "processor": {
      const processor = new ReplaceableProcessor(part.processor, options);
      return { part: { kind: "processor", processor }, replaceable: processor };
    }
    default:
      return undefined;
  }
}

/** What all of them need. */
export interface ReplaceableOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** Told what an old part throws at its end: the flow goes on with the next. */
  readonly onError: (thrown: unknown) => void;
}
