/** What a pipeline hands on after one delivery: the events of each port. @module */
import { type Delivery, Event } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import { MadeSettlement } from "./held.ts";
import type { Emit } from "./operator.ts";

const NO_EVENTS: Event[] = [];

/** Gathers the events for one port. */
export class PortCollector {
  /** The port. */
  readonly name: string;
  /** Emits to the port. */
  readonly emit: Emit;
  #events: Event[] = NO_EVENTS;
  #foreign: Settlement[] = [];
  #own: Settlement | undefined;
  #cursor: Event | undefined;
  /** So many events of the cursor's batch from the first one on, as long as there are no others. */
  #leading = 0;
  /** Indexes of those that the cursor stood for after a gap. */
  #picks: number[] = [];

  /** Starts with nothing. */
  constructor(name: string, linked: boolean) {
    this.name = name;
    this.emit = linked ? (event) => this.#collect(event) : () => false;
  }

  /** Number of events gathered. */
  get length(): number {
    return this.#events.length + this.#leading + this.#picks.length;
  }

  /**
   * Starts anew; `own` settles the events of the delivery at hand.
   *
   * @param cursor an event that is moved on through its batch: of it only the place is kept
   */
  begin(own: Settlement, cursor?: Event): void {
    this.#events = NO_EVENTS;
    this.#leading = 0;
    if (this.#picks.length > 0) this.#picks = [];
    this.#cursor = cursor;
    if (this.#foreign.length > 0) this.#foreign = [];
    this.#own = own;
  }

  #collect(event: Event): boolean {
    if (event === this.#cursor) {
      if (this.#events.length > 0) this.#add(this.#copyOf(event, event.index));
      else if (event.index === this.#leading && this.#picks.length === 0) this.#leading++;
      else this.#picks.push(event.index);
      return true;
    }
    this.#unpick();
    const { settlement } = event;
    if (settlement !== undefined && settlement !== this.#own) {
      settlement.retain();
      this.#foreign.push(settlement);
    }
    this.#add(event);
    return true;
  }

  /** A list that begins empty is given room for 17. */
  #add(event: Event): void {
    if (this.#events === NO_EVENTS) this.#events = [event];
    else this.#events.push(event);
  }

  /** Emits events of the cursor's batch, from one up to another. */
  emitRange(from: number, to: number): void {
    if (this.#events.length === 0 && this.#picks.length === 0 && from === this.#leading) this.#leading = to;
    else for (let index = from; index < to; index++) this.#collect(this.#cursor!.moveTo(index));
  }

  #copyOf({ batch, codec, settlement }: Event, index: number): Event {
    return Event.raw(batch!, index, codec, settlement);
  }

  /** Makes events of the places kept. */
  #unpick(): void {
    if (this.#leading + this.#picks.length === 0) return;
    for (let index = 0; index < this.#leading; index++) this.#add(this.#copyOf(this.#cursor!, index));
    for (const index of this.#picks) this.#add(this.#copyOf(this.#cursor!, index));
    this.#leading = 0;
    this.#picks = [];
  }

  /** Whether it gathered every event of the cursor's batch, in order, and nothing else. */
  get hasWholeBatch(): boolean {
    return this.#cursor !== undefined && this.#leading === this.#cursor.batch!.count && this.length === this.#leading;
  }

  /** Takes back what was gathered since there were `length` events, but for what was made of earlier ones, too. */
  takeBack(length: number): void {
    if (this.#events.length === 0) {
      this.#picks.length = Math.max(0, length - this.#leading);
      this.#leading = Math.min(this.#leading, length);
      return;
    }
    for (const event of this.#events.splice(length)) {
      const { settlement } = event;
      if (settlement instanceof MadeSettlement) {
        this.#events.push(event);
        continue;
      }
      if (settlement === undefined || settlement === this.#own) continue;
      this.#foreign.splice(this.#foreign.lastIndexOf(settlement), 1);
      settlement.release();
    }
  }

  /**
   * The events as a delivery, of what they were decoded from. Whoever takes it releases its settlement once; that takes over
   * one hold on `own`.
   */
  finish(batch: Delivery["batch"], codec: Delivery["codec"]): Delivery {
    this.#unpick();
    const own = this.#own!;
    const events = this.#events;
    return { batch, events, codec, settlement: this.#foreign.length === 0 ? own : settlementOf(own, this.#foreign) };
  }
}

/** Holds what the events of a delivery belong to, and what those among them do that were made of earlier ones. */
function settlementOf(own: Settlement, foreign: readonly Settlement[]): Settlement {
  let freed = false;
  return new Settlement(() => {
    for (const each of foreign) each.release();
    if (freed) own.letGo();
    else own.release();
  }, () => {
    freed = true;
    own.hold();
    own.release();
  });
}
