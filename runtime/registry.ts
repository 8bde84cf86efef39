/** Flows that run: the second of the two steps, after the repository. @module */
import { CaissonError } from "./errors/caisson_error.ts";
import type { Flow } from "./flow/flow.ts";

/** Running flows by name; one that has stopped leaves. */
export class Registry {
  readonly #flows = new Map<string, Flow>();

  /**
   * Enters a flow.
   *
   * @throws {CaissonError} `CAISSON_FLOW_STATE` when one of that name runs
   */
  enter(flow: Flow): void {
    if (this.#flows.has(flow.name)) {
      throw new CaissonError("CAISSON_FLOW_STATE", {
        subject: flow.name,
        found: "a flow of that name runs already",
        allowed: "one flow of a name",
        action: "Stop the other flow first, or rename this one.",
      });
    }
    this.#flows.set(flow.name, flow);
  }

  /** Takes a flow out. */
  leave(flow: Flow): void {
    if (this.#flows.get(flow.name) === flow) this.#flows.delete(flow.name);
  }

  /** The running flow of that name. */
  flow(name: string): Flow | undefined {
    return this.#flows.get(name);
  }

  /** Every running flow. */
  get flows(): readonly Flow[] {
    return [...this.#flows.values()];
  }
}
