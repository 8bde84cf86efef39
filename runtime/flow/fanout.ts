/** Hands a delivery to every consumer linked to a port. @module */
import type { Codec } from "../codec/codec.ts";
import type { Consumer, Delivery } from "./delivery.ts";
import { eventCount } from "./delivery.ts";

/** An output port: knows its links and passes deliveries on. */
export class Fanout {
  readonly #consumers: Consumer[] = [];
  #drained = false;

  /** Links a consumer to the port. */
  link(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  /** Whether anything is linked. */
  get linked(): boolean {
    return this.#consumers.length > 0;
  }

  /** Whether any consumer looks at values of events in this codec. */
  readsValues(codec: Codec): boolean {
    return this.#consumers.some((consumer) => consumer.readsValues?.(codec) ?? true);
  }

  /** Passes a delivery on and lets go of it; with nothing linked, its events are settled as delivered. */
  push(delivery: Delivery): void | Promise<void> {
    const consumers = this.#consumers;
    const first = consumers[0];
    if (first === undefined || eventCount(delivery) === 0) {
      delivery.settlement.release();
      return;
    }
    if (consumers.length === 1) return first.push(delivery);
    delivery.settlement.retain(consumers.length - 1);
    let waiting: Promise<void>[] | undefined;
    for (const consumer of consumers) {
      const pending = consumer.push(delivery);
      if (pending !== undefined) (waiting ??= []).push(pending);
    }
    if (waiting !== undefined) return Promise.all(waiting).then(() => {});
  }

  /** Tells every consumer, once, that nothing more comes from this port. */
  async drain(): Promise<void> {
    if (this.#drained) return;
    this.#drained = true;
    await Promise.all(this.#consumers.map((consumer) => consumer.drain()));
  }
}

/** Lets a node drain when the last of its producers has. */
export class DrainCounter {
  #producers: number;
  readonly #drain: () => Promise<void>;
  readonly #finished: Promise<void>;
  #finish!: (result: Promise<void>) => void;

  /** Counts down from the number of links that lead to the node. */
  constructor(producers: number, drain: () => Promise<void>) {
    this.#producers = producers;
    this.#drain = drain;
    this.#finished = new Promise((resolve) => this.#finish = resolve);
  }

  /** One producer is done; resolves when the node has drained. */
  arrive(): Promise<void> {
    if (--this.#producers === 0) this.#finish(this.#drain());
    return this.#finished;
  }
}
