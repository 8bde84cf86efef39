/** Steps that answer to how well what follows keeps up: backpressure, percentile; and round robin. @module */
import { emitWatched } from "../held.ts";
import { invalid } from "../invalid.ts";
import type { Emit, Operator } from "../operator.ts";
import type { BackpressureDefinition, PercentileDefinition } from "./step_definition.ts";

const usualSteps: readonly number[] = [50, 100, 250, 500, 1000, 5000, 10_000];

/** Waits longer and longer while verdicts are slow or bad; one in time ends that. */
class BackOff {
  readonly #steps: readonly number[];
  #step = -1;
  /** Until when nothing passes, milliseconds since 1970. */
  until = 0;

  constructor(steps: readonly number[]) {
    this.#steps = steps;
  }

  snapshot(): readonly [step: number, until: number] {
    return [this.#step, this.until];
  }

  /** The steps may be fewer by now. */
  restore([step, until]: readonly [step: number, until: number]): void {
    this.#step = Math.min(step, this.#steps.length - 1);
    this.until = until;
  }

  tell(bad: boolean, now: number): void {
    if (!bad) {
      this.#step = -1;
      this.until = 0;
      return;
    }
    // Verdicts about what was sent before the wait began must not lengthen it.
    if (now < this.until) return;
    this.#step = Math.min(this.#step + 1, this.#steps.length - 1);
    this.until = now + this.#steps[this.#step]!;
  }
}

/** Compiles a backpressure step. */
export function compileBackpressure(definition: BackpressureDefinition, clock: () => number = Date.now): Operator {
  const { timeoutMs, steps = usualSteps, method = "discard" } = definition;
  const backOff = new BackOff(steps);
  let overflow: Emit = () => false;
  return {
    name: "backpressure",
    ports: ["overflow"],
    bind: (port) => overflow = port("overflow"),
    step: (event, emit) => {
      const sent = clock();
      if (method === "discard" && sent < backOff.until) return overflow(event);
      return emitWatched(event, emit, (failed) => {
        const now = clock();
        backOff.tell(failed || now - sent > timeoutMs, now);
      });
    },
    snapshot: () => backOff.snapshot(),
    restore: (state) => backOff.restore(state as ReturnType<BackOff["snapshot"]>),
    ...(method === "pause" ? { pausedUntil: () => backOff.until } : {}),
  };
}

/** Compiles a percentile step. */
export function compilePercentile(definition: PercentileDefinition, clock: () => number = Date.now): Operator {
  const { timeoutMs, stepDown = 0.05, stepUp = 0.001 } = definition;
  let share = 1;
  let overflow: Emit = () => false;
  return {
    name: "percentile",
    ports: ["overflow"],
    bind: (port) => overflow = port("overflow"),
    step: (event, emit) => {
      const nanoseconds = Math.round(event.timestamp * 1e6);
      if ((nanoseconds % 0xffff) / 0xffff > share) return overflow(event);
      const sent = clock();
      return emitWatched(event, emit, (failed) => {
        const bad = failed || clock() - sent > timeoutMs;
        share = bad ? Math.max(stepDown, share - stepDown) : Math.min(1, share + stepUp);
      });
    },
    snapshot: () => share,
    restore: (state) => void (share = state as number),
  };
}

/** Compiles a round robin: each event to the next port that is linked and takes events, or waits for the next linked one. */
export function compileRoundRobin({ ports }: { readonly ports: readonly string[] }, path: string): Operator {
  if (ports.length === 0 || new Set(ports).size < ports.length) {
    throw invalid(`${path}.ports`, JSON.stringify(ports), "names of ports, each once");
  }
  let emits: Emit[] = [];
  const linked = new Set<string>();
  let takes: (port: string) => boolean = () => true;
  let next = 0;
  const choose = (isGood: (port: string) => boolean): Emit | undefined => {
    for (let tried = 0; tried < ports.length; tried++) {
      const at = (next + tried) % ports.length;
      if (!linked.has(ports[at]!) || !isGood(ports[at]!)) continue;
      next = (at + 1) % ports.length;
      return emits[at]!;
    }
    return undefined;
  };
  return {
    name: "round robin",
    ports,
    bind: (port) => emits = ports.map(port),
    linked: (port, is) => void (is ? linked.add(port) : linked.delete(port)),
    reach: (ask) => void (takes = ask),
    step: (event) => (choose(takes) ?? choose(() => true))?.(event) ?? false,
    snapshot: () => next,
    restore: (state) => void (next = (state as number) % ports.length),
  };
}
