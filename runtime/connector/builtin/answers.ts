/** Answers on their way from the sink of a connector to its source. @module */

const KEY = "answers";
const encoder = new TextEncoder();

/** A bounded queue: a sink whose answers nobody takes waits. */
export class Answers {
  /** Whether the connector has a source at all. */
  hasSource = false;
  readonly #most: number;
  #queue: Uint8Array[] = [];
  #onRoom: (() => void) | undefined;

  /** Use {@linkcode Answers.of}. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Those of a connector; both of its ends get the same. */
  static of(shared: Map<string, unknown> | undefined, most: number): Answers {
    const known = shared?.get(KEY);
    if (known instanceof Answers) return known;
    const made = new Answers(most);
    shared?.set(KEY, made);
    return made;
  }

  /** The first one, or `undefined`. */
  get first(): Uint8Array | undefined {
    return this.#queue[0];
  }

  /** Takes the first one away. */
  shift(): void {
    this.#queue.shift();
    if (this.#queue.length < this.#most) this.release();
  }

  /** Adds answers; a promise resolves when there is room for more. */
  add(answers: readonly unknown[]): Promise<void> | undefined {
    if (!this.hasSource) return undefined;
    for (const answer of answers) this.#queue.push(encoder.encode(JSON.stringify(answer)));
    return this.#queue.length < this.#most ? undefined : new Promise((resolve) => this.#onRoom = resolve);
  }

  /** Lets a waiting sink go on. */
  release(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }
}
