/** Events an operator keeps: each gets one verdict, together with what was made of it. @module */
import type { Codec } from "../codec/codec.ts";
import { Event } from "../flow/delivery.ts";
import { Settlement } from "../flow/settlement.ts";
import type { Emit } from "./operator.ts";
import { Origins } from "./origins.ts";

/** Events of one batch whose numbers are found out once somebody asks. */
interface Later {
  readonly settlement: Settlement;
  readonly origins: () => readonly number[];
}

/** Batches whose numbers may be found out later: what finds them out keeps memory of the whole batch. */
const MOST_LATER = 256;

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
  #origins = new Origins();
  #later: Later[] = [];

  /** Whether it has no event that waits for a verdict. */
  get isEmpty(): boolean {
    return this.#origins.isEmpty && this.#later.length === 0;
  }

  /** Keeps an event's verdict open. */
  add({ settlement, origin }: Event): void {
    if (settlement !== undefined) this.#origins.add(settlement, origin);
  }

  /** Keeps the verdict of many events of a batch open; which ones, is asked only if they fail, or once there are many batches. */
  addMany(settlement: Settlement, origins: () => readonly number[]): void {
    settlement.hold();
    this.#later.push({ settlement, origins });
    if (this.#later.length > MOST_LATER) this.#findOut();
  }

  #findOut(): void {
    for (const { settlement, origins } of this.#later.splice(0)) {
      for (const origin of origins()) this.#origins.add(settlement, origin);
      settlement.letGo();
    }
  }

  /** Keeps the events of another one as well; that one keeps them, too. */
  addAll(other: Held): void {
    other.#origins.forEach((settlement, origin) => this.#origins.add(settlement, origin));
    for (const { settlement, origins } of other.#later) this.addMany(settlement, origins);
  }

  /** Takes everything out of it. */
  #takeAll(): Held {
    const taken = new Held();
    taken.#origins = this.#origins;
    taken.#later = this.#later;
    this.#origins = new Origins();
    this.#later = [];
    return taken;
  }

  /** Tells every event its verdict and starts anew, empty. */
  settle(failed: boolean, reason?: unknown): void {
    const all = this.#takeAll();
    if (failed) {
      all.#origins.forEach((settlement, origin) => settlement.fail(origin, reason));
      for (const { settlement, origins } of all.#later) {
        for (const origin of origins()) settlement.fail(origin, reason);
      }
    }
    all.#origins.letGo();
    for (const { settlement } of all.#later) settlement.letGo();
  }

  /**
   * Sends out an event made of those kept and starts anew, empty. What becomes of it becomes of them.
   *
   * @param timestamp of the event, milliseconds since 1970
   */
  emit(value: unknown, codec: Codec, timestamp: number, emit: Emit): boolean {
    if (this.isEmpty) return emit(Event.made(value, codec, timestamp));
    const kept = this.#takeAll();
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
