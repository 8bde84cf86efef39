/** The circuit breaker of one sink: stops writing to what only fails, and tries again after a while. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { Gate } from "./gate.ts";

/** When a breaker triggers, and for how long. */
export interface BreakerDefinition {
  /** Writes in a row of which nothing was delivered. */
  readonly failures: number;
  /** How long nothing is written then, milliseconds; the next write decides. @default {1000} */
  readonly resetMs?: number;
}

/** What a {@linkcode Breaker} needs. */
export interface BreakerOptions extends BreakerDefinition {
  /** Closed, with the reason `breaker`, while nothing is to be written. */
  readonly gate: Gate;
  /** `flow/connector`, for errors. */
  readonly alias: string;
  /** Told whenever it triggers. */
  readonly onError: (error: CaissonError) => void;
}

const REASON = "breaker";

/** Counts writes that failed. It belongs to the host: a sink only says what it could not write. */
export class Breaker implements Disposable {
  readonly #options: BreakerOptions;
  #failures = 0;
  #triggered = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Lets everything through. */
  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** How often it has triggered. */
  get triggered(): number {
    return this.#triggered;
  }

  /** A write is over. Events whose own bytes were at fault say nothing about the sink. */
  wrote(delivered: number, refused: number): void {
    if (delivered > 0) this.#failures = 0;
    else if (refused > 0) this.#failed();
  }

  #failed(): void {
    this.#failures++;
    const { failures, resetMs = 1000, gate, alias, onError } = this.#options;
    if (this.#failures < failures || this.#timer !== undefined) return;
    this.#triggered++;
    gate.close(REASON);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // One more failure triggers it again; a success starts the count anew.
      this.#failures = failures - 1;
      gate.open(REASON);
    }, resetMs);
    onError(
      new CaissonError("CAISSON_BREAKER_TRIGGERED", {
        subject: alias,
        found: `${this.#failures} writes in a row failed; it is left alone for ${resetMs} ms`,
      }),
    );
  }

  /** Ends its timer. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
