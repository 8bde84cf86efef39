/** The one state machine of flows, connectors, processors and pipelines. @module */
import { CaissonError } from "../errors/caisson_error.ts";

/** Where something is in its life. */
export type LifeState = "initializing" | "running" | "paused" | "draining" | "stopped" | "failed";

/** What happens to it. */
export type LifeEvent = "start" | "pause" | "resume" | "drain" | "stop" | "fail";

/**
 * What leads where; an event that is not listed is refused. An event that asks for what already is changes nothing, so
 * that two operators who both pause a flow need not agree on who was first.
 */
const transitions: Readonly<Record<LifeState, Readonly<Partial<Record<LifeEvent, LifeState>>>>> = {
  initializing: { start: "running", stop: "stopped", fail: "failed" },
  running: { pause: "paused", resume: "running", drain: "draining", stop: "stopped", fail: "failed" },
  paused: { pause: "paused", resume: "running", drain: "draining", stop: "stopped", fail: "failed" },
  draining: { drain: "draining", stop: "stopped", fail: "failed" },
  // A source that has ended may still fail: what it read is settled later, and its window flushed.
  stopped: { stop: "stopped", fail: "failed" },
  // What failed is closed like everything else, and stays failed.
  failed: { stop: "failed", fail: "failed" },
};

/** One life. */
export class LifeCycle {
  readonly #subject: string;
  #state: LifeState = "initializing";

  /** Starts as `initializing`; errors name `subject`. */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** Where it is. */
  get state(): LifeState {
    return this.#state;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#state === "stopped" || this.#state === "failed";
  }

  /** Whether the event would be taken. */
  takes(event: LifeEvent): boolean {
    return transitions[this.#state][event] !== undefined;
  }

  /**
   * Goes on to the next state and returns it.
   *
   * @throws {CaissonError} `CAISSON_FLOW_STATE` when the event is not possible here; the state stays
   */
  on(event: LifeEvent): LifeState {
    const next = transitions[this.#state][event];
    if (next === undefined) {
      const from = Object.entries(transitions).filter(([, row]) => row[event] !== undefined).map(([state]) => state);
      throw new CaissonError("CAISSON_FLOW_STATE", {
        subject: this.#subject,
        found: `${event} in state ${this.#state}`,
        allowed: `${event} in state ${from.join(", ")}`,
        action: this.isOver ? "Deploy the flow again." : "Wait until it has that state.",
      });
    }
    return this.#state = next;
  }
}
