/** Makes the event that a window gives for a group. @module */
import { json } from "../../codec/json.ts";
import { Collect } from "../aggregate/keeping.ts";
import { groupValue } from "../group_by.ts";
import type { Emit } from "../operator.ts";
import type { CompiledTarget } from "../target.ts";
import type { Pane } from "./pane.ts";

/** What is said about a window in `["window", …]`. */
export interface WindowFacts {
  /** Its name. */
  readonly name: string;
  /** Where it starts, milliseconds since 1970. */
  readonly start: number;
  /** Where it ends, milliseconds since 1970. */
  readonly end: number;
  /** 0 for the first result; one more each time late events change it. */
  readonly revision?: number;
}

/** Most events of a window whose length is not a number of events, where aggregates keep a value of each. */
const MOST_KEPT = 1_000_000;

/** Computes and emits the results of windows. */
export class WindowResult {
  readonly #target: CompiledTarget;
  readonly #having: ((value: unknown) => unknown) | undefined;

  /** Takes the compiled target and condition. */
  constructor(target: CompiledTarget, having: ((value: unknown) => unknown) | undefined) {
    this.#target = target;
    this.#having = having;
  }

  /** A pane for the aggregates of the target. */
  get aggregates(): CompiledTarget["aggregates"] {
    return this.#target.aggregates;
  }

  /** Most events of a window that says no number of its own. */
  get mostEvents(): number {
    return this.aggregates.some(({ make }) => make() instanceof Collect) ? MOST_KEPT : Infinity;
  }

  /**
   * Emits the result of a pane; its verdicts go with it.
   *
   * @param cardinality groups alive
   */
  emit(pane: Pane, group: readonly unknown[], facts: WindowFacts, cardinality: number, emit: Emit): void {
    let value: unknown;
    try {
      value = this.#target.compute({
        event: pane.value,
        aggregates: pane.results(),
        group: groupValue(group),
        window: { revision: 0, ...facts, count: pane.count },
        cardinality,
      });
      if (value === undefined || (this.#having !== undefined && this.#having(value) !== true)) {
        pane.held.settle(false);
        return;
      }
    } catch (error) {
      pane.held.settle(true, error);
      throw error;
    }
    pane.held.emit(value, json, pane.last, emit);
  }
}
