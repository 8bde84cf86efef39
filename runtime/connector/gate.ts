/** Stops what goes through, for as long as anybody has a reason to. @module */

/**
 * A gate that each reason closes and opens for itself: an operator's pause is not undone by a circuit breaker that
 * closes again, nor the other way round.
 */
export class Gate {
  readonly #reasons = new Set<string>();
  #listeners: ((isOpen: boolean) => void)[] = [];
  #waiting: (() => void)[] = [];
  #released = false;

  /** Whether nobody keeps it closed. */
  get isOpen(): boolean {
    return this.#reasons.size === 0 || this.#released;
  }

  /** Why it is closed. */
  get reasons(): readonly string[] {
    return this.#released ? [] : [...this.#reasons];
  }

  /** Closes it for a reason. */
  close(reason: string): void {
    const was = this.isOpen;
    this.#reasons.add(reason);
    if (was && !this.isOpen) this.#tell(false);
  }

  /** Takes a reason back; the gate opens with the last one. */
  open(reason: string): void {
    const was = this.isOpen;
    this.#reasons.delete(reason);
    if (!was && this.isOpen) this.#opened();
  }

  /** Opens it for good: whatever is under way has to be able to end. */
  release(): void {
    const was = this.isOpen;
    this.#released = true;
    if (!was) this.#opened();
  }

  /** Calls `listener` whenever the gate opens or closes. */
  onChange(listener: (isOpen: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves when it is open. */
  async passed(): Promise<void> {
    while (!this.isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #opened(): void {
    this.#tell(true);
    for (const resume of this.#waiting.splice(0)) resume();
  }

  #tell(isOpen: boolean): void {
    for (const listener of this.#listeners) listener(isOpen);
  }
}
