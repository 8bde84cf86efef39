/** A consumer behind a gate: while it is closed its producers wait, and nothing is lost or overtakes. @module */
import type { Consumer, Delivery } from "../flow/delivery.ts";
import type { Gate } from "./gate.ts";

/** Lets deliveries through while `gate` is open. */
export class GatedConsumer implements Consumer {
  readonly #consumer: Consumer;
  readonly #gate: Gate;
  #queue: Promise<void> | undefined;

  /** Puts `consumer` behind `gate`. */
  constructor(consumer: Consumer, gate: Gate) {
    this.#consumer = consumer;
    this.#gate = gate;
  }

  /** Takes a delivery; what waits before the gate goes first. */
  push(delivery: Delivery): void | Promise<void> {
    if (this.#queue === undefined && this.#gate.isOpen) return this.#consumer.push(delivery);
    const mine: Promise<void> = (this.#queue ?? Promise.resolve())
      .then(() => this.#gate.passed())
      .then(() => this.#consumer.push(delivery))
      .finally(() => {
        if (this.#queue === mine) this.#queue = undefined;
      });
    this.#queue = mine;
    return mine;
  }

  /** Whether the consumer looks at values of events in this codec. */
  readsValues(...[codec]: Parameters<NonNullable<Consumer["readsValues"]>>): boolean {
    return this.#consumer.readsValues?.(codec) ?? true;
  }

  /** Waits for what stands before the gate, then drains the consumer. */
  async drain(): Promise<void> {
    while (this.#queue !== undefined) await this.#queue;
    await this.#consumer.drain();
  }
}
