/** The connection of one part: attempts, loss, and what connectivity it has, apart from the state of its life. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Reconnect } from "../flow/flow_definition.ts";
import type { Part } from "./contract.ts";
import type { Gate } from "./gate.ts";
import { reconnectWaits } from "./reconnect_waits.ts";
import { sleep } from "./sleep.ts";

/** Whether a part reaches its other side. */
export type Connectivity = "connected" | "disconnected";

/** What a {@linkcode Connection} needs. */
export interface ConnectionOptions {
  /** `flow/connector`, for errors. */
  readonly alias: string;
  /** How to try again. @default {"none"} */
  readonly reconnect?: Reconnect | "none" | undefined;
  /** Ends the waiting between attempts. */
  readonly signal: AbortSignal;
  /** Closed, with the reason `connection`, while there is none. */
  readonly gate: Gate;
  /** Told about each attempt that failed and will be repeated, and about each loss. */
  readonly onRetry: (error: CaissonError) => void;
  /** Told when a lost connection will not be tried again. */
  readonly onGivenUp: (error: CaissonError) => void;
}

const REASON = "connection";

/** Connects a part, and again when it says that the connection is lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  #part: Part | undefined;
  #connectivity: Connectivity = "disconnected";
  #attempts = 0;
  #successes = 0;
  #connecting: Promise<void> | undefined;

  /** Connects nothing yet. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Whether the part reaches its other side. */
  get connectivity(): Connectivity {
    return this.#connectivity;
  }

  /** How often it was connected again after a loss. */
  get reconnects(): number {
    return Math.max(0, this.#successes - 1);
  }

  /** Attempts so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /**
   * Connects for the first time.
   *
   * @throws {CaissonError} `CAISSON_CONNECT_FAILED` after the last attempt, or what the part threw when it is typed
   */
  async open(part: Part): Promise<void> {
    this.#part = part;
    await (this.#connecting = this.#connect(part, false).finally(() => this.#connecting = undefined));
  }

  /** What a part calls when it notices that its connection is gone; while it is being connected this says nothing new. */
  lost(reason: unknown): void {
    const part = this.#part;
    const { gate, signal, onRetry, onGivenUp } = this.#options;
    if (part === undefined || this.#connecting !== undefined || signal.aborted) return;
    this.#connectivity = "disconnected";
    gate.close(REASON);
    onRetry(this.#error(reason, "the connection is lost"));
    this.#connecting = this.#connect(part, true).then(
      () => gate.open(REASON),
      (error) => {
        if (!signal.aborted) onGivenUp(this.#error(error, "the connection is lost for good"));
      },
    ).finally(() => this.#connecting = undefined);
  }

  /** Waits for an attempt that is under way. */
  async settled(): Promise<void> {
    await this.#connecting?.catch(() => {});
  }

  async #connect(part: Part, again: boolean): Promise<void> {
    const waits = reconnectWaits({ reconnect: this.#options.reconnect, connectedBefore: again });
    // A connection that was just lost is not asked for again before the first wait is over.
    if (again) await this.#wait(waits, undefined);
    for (let since = 0;; since++) {
      try {
        await part.connect?.({ overall: this.#attempts++, sinceLastSuccess: since, successes: this.#successes });
        this.#successes++;
        this.#connectivity = "connected";
        return;
      } catch (error) {
        await this.#wait(waits, error);
      }
    }
  }

  /** Waits for the next attempt, or throws why there is none. */
  async #wait(waits: Generator<number, void, void>, failure: unknown): Promise<void> {
    const { signal, onRetry } = this.#options;
    const wait = waits.next();
    const error = this.#error(failure, `attempt ${this.#attempts}`);
    if (signal.aborted || wait.done === true) throw error;
    if (failure !== undefined) onRetry(error);
    await sleep(wait.value, signal);
    if (signal.aborted) throw error;
  }

  #error(reason: unknown, what: string): CaissonError {
    if (reason instanceof CaissonError) return reason;
    return new CaissonError("CAISSON_CONNECT_FAILED", {
      subject: this.#options.alias,
      found: reason === undefined ? what : `${messageOf(reason)} (${what})`,
      cause: reason,
    });
  }
}
