/** Events an operator keeps: each gets one verdict, together with what was made of it. @module */
import type { Codec } from "../codec/codec.ts";
import { Event } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import type { Emit } from "./operator.ts";

/** Numbers of events: as a list, or found out once somebody asks. */
type Origins = number[] | (() => readonly number[]);

/**
 * Settles what was made of several events, of which the one at hand is at most one: a step that throws on that one does not
 * take back what the others are owed.
 */
export class MadeSettlement extends Settlement {}

/**
 * The events that went into a value an operator is building.
 *
 * Adding an event keeps its verdict open without keeping its bytes. {@linkcode Held.emit} sends out what was made of
 * the events, and the verdict about that event becomes the verdict of all of them.
 */
export class Held {
  #settlements: Settlement[] = [];
  #origins: Origins[] = [];

  /** Whether it has no event that waits for a verdict. */
  get isEmpty(): boolean {
    return this.#settlements.length === 0;
  }

  /** Keeps an event's verdict open. */
  add(event: Event): void {
    const { settlement } = event;
    if (settlement !== undefined) this.#add(settlement, event.origin);
  }

  #add(settlement: Settlement, origin: number): void {
    // Events come in batches: the settlement at hand is nearly always the last one.
    const last = this.#settlements.length - 1;
    if (this.#settlements[last] === settlement) {
      const origins = this.#origins[last]!;
      if (typeof origins !== "function") return void origins.push(origin);
    }
    settlement.hold();
    this.#settlements.push(settlement);
    this.#origins.push([origin]);
  }

  /** Keeps the verdict of many events of a batch open; which ones, is asked only if they fail. */
  addMany(settlement: Settlement, origins: () => readonly number[]): void {
    settlement.hold();
    this.#settlements.push(settlement);
    this.#origins.push(origins);
  }

  /** Keeps the events of another one as well; that one keeps them, too. */
  addAll(other: Held): void {
    for (const [index, settlement] of other.#settlements.entries()) {
      const origins = other.#origins[index]!;
      const last = this.#settlements.length - 1;
      const mine = this.#origins[last];
      if (this.#settlements[last] === settlement && Array.isArray(mine) && Array.isArray(origins)) {
        for (const origin of origins) mine.push(origin);
        continue;
      }
      settlement.hold();
      this.#settlements.push(settlement);
      this.#origins.push(Array.isArray(origins) ? [...origins] : origins);
    }
  }

  /** Tells every event its verdict and starts anew, empty. */
  settle(failed: boolean, reason?: unknown): void {
    const settlements = this.#settlements;
    const origins = this.#origins;
    this.#settlements = [];
    this.#origins = [];
    for (const [index, settlement] of settlements.entries()) {
      if (failed) {
        const numbers = origins[index]!;
        for (const origin of typeof numbers === "function" ? numbers() : numbers) settlement.fail(origin, reason);
      }
      settlement.letGo();
    }
  }

  /**
   * Sends out an event made of those kept and starts anew, empty. What becomes of it becomes of them.
   *
   * @param timestamp of the event, milliseconds since 1970
   */
  emit(value: unknown, codec: Codec, timestamp: number, emit: Emit): boolean {
    if (this.isEmpty) return emit(Event.made(value, codec, timestamp));
    const kept = new Held();
    kept.#settlements = this.#settlements;
    kept.#origins = this.#origins;
    this.#settlements = [];
    this.#origins = [];
    const settlement = new MadeSettlement((failures) => kept.settle(failures.size > 0, failures.get(0)));
    try {
      return emit(new Event(undefined, 0, timestamp, codec, settlement, 0, value, true));
    } catch (error) {
      settlement.fail(0, error);
      throw error;
    } finally {
      // Whoever took the event retained it.
      settlement.release();
    }
  }
}

/**
 * Passes one event on with a settlement of its own, to see what becomes of it.
 *
 * @param told whether it failed, once
 */
export function emitWatched(event: Event, emit: Emit, told: (failed: boolean) => void): boolean {
  const { settlement: outer, origin } = event;
  let freed = false;
  let threw = false;
  outer?.retain();
  const settlement = new (outer instanceof MadeSettlement ? MadeSettlement : Settlement)((failures) => {
    if (failures.size > 0) outer?.fail(origin, failures.get(0));
    told(threw || failures.size > 0);
    if (freed) outer?.letGo();
    else outer?.release();
  }, () => {
    freed = true;
    outer?.hold();
    outer?.release();
  });
  try {
    return emit(event.settledBy(settlement));
  } catch (error) {
    // Whoever catches it decides about the event itself.
    threw = true;
    throw error;
  } finally {
    settlement.release();
  }
}
