/** What a pipeline hands on after one delivery: the events of each port. @module */
import type { Event } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import type { Emit } from "./operator.ts";

/** Gathers the events for one port. */
export class PortCollector {
  /** The port. */
  readonly name: string;
  /** Emits to the port. */
  readonly emit: Emit;
  #events: Event[] = [];
  #foreign: Settlement[] = [];
  #own: Settlement | undefined;

  /** Starts with nothing. */
  constructor(name: string, linked: boolean) {
    this.name = name;
    this.emit = linked ? (event) => this.#collect(event) : () => false;
  }

  /** Number of events gathered. */
  get length(): number {
    return this.#events.length;
  }

  /** Starts anew; `own` settles the events of the delivery at hand. */
  begin(own: Settlement): void {
    this.#events = [];
    this.#foreign = [];
    this.#own = own;
  }

  #collect(event: Event): boolean {
    const { settlement } = event;
    if (settlement !== undefined && settlement !== this.#own) {
      settlement.retain();
      this.#foreign.push(settlement);
    }
    this.#events.push(event);
    return true;
  }

  /** Takes back what was gathered since there were `length` events. */
  takeBack(length: number): void {
    for (const { settlement } of this.#events.splice(length)) {
      if (settlement === undefined || settlement === this.#own) continue;
      this.#foreign.splice(this.#foreign.lastIndexOf(settlement), 1);
      settlement.release();
    }
  }

  /** The events, and the settlement that whoever takes them releases once; it takes over one hold on `own`. */
  finish(): { readonly events: readonly Event[]; readonly settlement: Settlement } {
    const own = this.#own!;
    const foreign = this.#foreign;
    const events = this.#events;
    if (foreign.length === 0) return { events, settlement: own };
    let freed = false;
    const settlement = new Settlement(() => {
      for (const each of foreign) each.release();
      if (freed) own.letGo();
      else own.release();
    }, () => {
      freed = true;
      own.hold();
      own.release();
    });
    return { events, settlement };
  }
}
