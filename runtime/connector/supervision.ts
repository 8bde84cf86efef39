/** What is decided about a plugin's process while it runs. @module */
import type { CaissonError } from "../errors/caisson_error.ts";

/** One decision, or something an operator should know. */
export type SupervisionEvent =
  | { readonly kind: "restart"; readonly waitMs: number; readonly cause: string }
  | { readonly kind: "quarantine"; readonly error: CaissonError }
  | { readonly kind: "leak"; readonly found: string };

/** What was decided so far. */
export interface SupervisionReport {
  /** Restarts of the process. */
  readonly restarts: number;
  /** Why the last one was. */
  readonly lastFailure?: string;
  /** Why it is not started any more; the plugin goes on when it is replaced, or the flow is started again. */
  readonly quarantined?: string;
  /** Memory that only grows. */
  readonly leak?: string;
}

/** Keeps account of one instance. */
export class SupervisionLog {
  #report: SupervisionReport = { restarts: 0 };

  /** Takes note. */
  note(event: SupervisionEvent): void {
    const { restarts } = this.#report;
    switch (event.kind) {
      case "restart":
        this.#report = { ...this.#report, restarts: restarts + 1, lastFailure: event.cause };
        break;
      case "quarantine":
        this.#report = { ...this.#report, quarantined: event.error.found };
        break;
      case "leak":
        this.#report = { ...this.#report, leak: event.found };
    }
  }

  /** What was decided so far; `undefined` when nothing had to be. */
  get report(): SupervisionReport | undefined {
    const { restarts, quarantined, leak } = this.#report;
    return restarts === 0 && quarantined === undefined && leak === undefined ? undefined : this.#report;
  }
}
