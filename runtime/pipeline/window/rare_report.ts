/** Counts what happens too often to tell each time. @module */

/** Says when to tell: the first, the tenth, the hundredth … time. An attack must not become one with messages. */
export class RareReport {
  #count = 0;
  #next = 1;

  /** How often it happened. */
  get count(): number {
    return this.#count;
  }

  /** It happened again; whether that is worth a message. */
  again(): boolean {
    if (++this.#count < this.#next) return false;
    this.#next *= 10;
    return true;
  }
}
