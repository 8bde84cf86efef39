/** Which events of which batches somebody waits for, in about a byte for each. @module */
import type { Settlement } from "../flow/settlement.ts";

/** Between the events of two settlements; no distance between two events begins with it. */
const NEXT = 0;

/** Up to so many bytes lie in an array, which costs less than memory of its own. */
const MOST_IN_ARRAY = 64;

/**
 * Events as their settlement and their number in it.
 *
 * A window of an hour waits for a hundred million of them, so they are kept as the distances between the numbers of one
 * batch, in as few bytes of seven bits as each takes. Every settlement that is added is held, once for each time it appears.
 */
export class Origins {
  #settlements: Settlement[] = [];
  #bytes: number[] | Uint8Array<ArrayBuffer> = [];
  #length = 0;
  #last = -1;

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#settlements.length === 0;
  }

  /** Bytes that the numbers take. */
  get byteLength(): number {
    return this.#length;
  }

  /** Adds an event. */
  add(settlement: Settlement, origin: number): void {
    const settlements = this.#settlements;
    // Events come in batches, and in order: the settlement at hand is nearly always the last one.
    if (settlements[settlements.length - 1] !== settlement || origin <= this.#last) {
      settlement.hold();
      if (settlements.length === 0) this.#settlements = [settlement];
      else {
        settlements.push(settlement);
        this.#put(NEXT);
      }
      this.#last = -1;
    }
    let distance = origin - this.#last;
    this.#last = origin;
    while (distance > 127) {
      this.#put((distance & 127) | 128);
      distance >>>= 7;
    }
    this.#put(distance);
  }

  #put(byte: number): void {
    const length = this.#length++;
    if (length === 0) this.#bytes = [byte];
    else if (length < MOST_IN_ARRAY || length < this.#bytes.length) this.#bytes[length] = byte;
    else {
      const wider = new Uint8Array(length * 2);
      wider.set(this.#bytes);
      wider[length] = byte;
      this.#bytes = wider;
    }
  }

  /** Calls for each event, in the order in which they were added. */
  forEach(visit: (settlement: Settlement, origin: number) => void): void {
    const bytes = this.#bytes;
    const length = this.#length;
    let number = 0;
    let last = -1;
    for (let at = 0; at < length;) {
      let byte = bytes[at++]!;
      if (byte === NEXT) {
        number++;
        last = -1;
        continue;
      }
      let distance = byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = bytes[at++]!;
        distance |= (byte & 127) << shift;
      }
      last += distance;
      visit(this.#settlements[number]!, last);
    }
  }

  /** Lets every settlement go, as often as it was held. */
  letGo(): void {
    for (const settlement of this.#settlements) settlement.letGo();
  }
}
