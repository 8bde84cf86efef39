/** Lets one thing happen after the other. @module */

/** A queue of work of which one piece runs at a time; work that does not wait costs no promise. */
export class Turns {
  #busy: Promise<void> | undefined;

  /** Runs work when what came before has ended; at once when there is nothing. */
  run(work: () => void | Promise<void>): void | Promise<void> {
    if (this.#busy !== undefined) return this.#enqueue(work);
    const running = work();
    if (running !== undefined) return this.#enqueue(() => running);
  }

  #enqueue(work: () => void | Promise<void>): Promise<void> {
    const before = this.#busy ?? Promise.resolve();
    const mine: Promise<void> = before.then(work).finally(() => {
      if (this.#busy === mine) this.#busy = undefined;
    });
    this.#busy = mine;
    return mine;
  }

  /** Resolves when nothing runs or waits any more. */
  async ended(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
  }
}
