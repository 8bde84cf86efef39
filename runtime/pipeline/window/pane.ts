/** What a window gathered of one group. @module */
import type { Event } from "../../flow/delivery.ts";
import type { Accumulator } from "../aggregate/accumulator.ts";
import { keepable, ownedOf } from "../aggregate/keeping.ts";
import { Held } from "../held.ts";
import type { Snapshot } from "../operator.ts";
import type { CompiledAggregate } from "../target.ts";

/** Accumulators over the events of one window and group, and the verdicts they keep open. */
export class Pane {
  /** Events gathered. */
  count = 0;
  /** When the first came into the system, milliseconds since 1970. */
  first = 0;
  /** When the last came into the system, milliseconds since 1970. */
  last = 0;
  /** The last value. */
  value: unknown;
  /** The events that wait for a verdict. */
  readonly held: Held = new Held();
  readonly #aggregates: readonly CompiledAggregate[];
  readonly #accumulators: readonly Accumulator[];

  /** Starts empty. */
  constructor(aggregates: readonly CompiledAggregate[]) {
    this.#aggregates = aggregates;
    this.#accumulators = aggregates.map(({ make }) => make());
  }

  /** Takes an event in. */
  add(event: Event, given: unknown, time: number): void {
    const value = ownedOf(event, given);
    const aggregates = this.#aggregates;
    for (let index = 0; index < aggregates.length; index++) {
      this.#accumulators[index]!.add(aggregates[index]!.of(value));
    }
    if (this.count++ === 0) this.first = time;
    this.last = time;
    this.value = value;
    this.held.add(event);
  }

  /** Accumulators in the order of the aggregates, for whoever fills them without {@linkcode Pane.add}. */
  get accumulators(): readonly Accumulator[] {
    return this.#accumulators;
  }

  /** Takes in what another pane gathered, which keeps it. */
  merge(other: Pane): void {
    if (other.count === 0) return;
    for (const [index, accumulator] of this.#accumulators.entries()) accumulator.merge(other.#accumulators[index]);
    if (this.count === 0) this.first = other.first;
    this.count += other.count;
    this.last = Math.max(this.last, other.last);
    this.value = other.value;
    this.held.addAll(other.held);
  }

  /** The results of its aggregates. */
  results(): unknown[] {
    return this.#accumulators.map((accumulator) => accumulator.result());
  }

  /** Its state; verdicts belong to the running flow and are none of it. */
  snapshot(): Snapshot {
    return [
      this.count,
      this.first,
      this.last,
      keepable(this.value),
      this.#accumulators.map((accumulator) => accumulator.snapshot()),
    ];
  }

  /** Takes a state over. */
  restore(state: Snapshot): void {
    const [count, first, last, value, accumulators] = state as [number, number, number, unknown, unknown[]];
    Object.assign(this, { count, first, last, value });
    for (const [index, accumulator] of this.#accumulators.entries()) accumulator.restore(accumulators[index]);
  }
}
