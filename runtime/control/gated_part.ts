/** What sinks and processors that can be exchanged do alike: what comes during an exchange waits for its end. @module */
import type { Part } from "../connector/contract.ts";
import { exchange } from "./exchange.ts";
import { ForwardingPart } from "./forwarding_part.ts";
import type { Exchange, ReplaceableOptions } from "./replaceable_part.ts";
import { SwapGate } from "./swap_gate.ts";

/** Hands work to the part there is; while it is exchanged, work waits in the order it came. */
export abstract class GatedPart<Kind extends Part> extends ForwardingPart {
  /** How the exchange is reported. */
  protected readonly options: ReplaceableOptions;
  /** Work passes here. */
  protected readonly gate: SwapGate = new SwapGate();
  #part: Kind;
  #closed = false;

  /** Goes on with `first`. */
  constructor(first: Kind, options: ReplaceableOptions) {
    super();
    this.#part = first;
    this.options = options;
  }

  protected override get part(): Kind {
    return this.#part;
  }

  /** Starts and connects `next`, and exchanges the part for it between two pieces of work. */
  protected async exchangeFor(next: Kind): Promise<Exchange> {
    const { alias, onError } = this.options;
    const old = this.#part;
    await next.start?.();
    if (this.connected !== undefined) await next.connect?.({ ...this.connected, sinceLastSuccess: 0 });
    return await exchange({
      alias,
      gate: this.gate,
      old,
      swap: () => this.#part = next,
      closed: () => this.#closed,
      onError,
    });
  }

  /** Ends the part. */
  override close(): void | Promise<void> {
    this.#closed = true;
    return this.#part.close();
  }
}
