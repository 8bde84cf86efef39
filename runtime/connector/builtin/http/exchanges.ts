/** The requests of one HTTP server that wait for their answers, shared by its two ends. @module */
import type { PartContext, StreamListener } from "../../contract.ts";
import type { Exchange } from "./exchange.ts";

const KEY = "exchanges";

/** Open requests of one connector. */
export class Exchanges {
  /** What the sink end asks to be told; absent without one. */
  listener: StreamListener | undefined;
  readonly #open = new Map<number, Exchange>();
  #next = 1;

  /** Those of a connector; both of its ends get the same. */
  static of({ shared }: Pick<PartContext, "shared">): Exchanges {
    const known = shared?.get(KEY);
    if (known instanceof Exchanges) return known;
    const made = new Exchanges();
    shared?.set(KEY, made);
    return made;
  }

  /** A number no open request has. */
  number(): number {
    for (;;) {
      const stream = this.#next;
      this.#next = stream === 0xffffffff ? 1 : stream + 1;
      if (!this.#open.has(stream)) return stream;
    }
  }

  /** Open requests. */
  get size(): number {
    return this.#open.size;
  }

  /** Adds one. */
  add(exchange: Exchange): void {
    this.#open.set(exchange.stream, exchange);
  }

  /** The request of a stream, while it is open. */
  get(stream: number): Exchange | undefined {
    return this.#open.get(stream);
  }

  /** Forgets one that was answered or whose peer left. */
  remove(exchange: Exchange): void {
    if (this.#open.delete(exchange.stream)) this.listener?.lost(exchange.stream);
  }

  /** Gives up on all of them. */
  close(): void {
    for (const exchange of [...this.#open.values()]) exchange.abort();
  }
}
