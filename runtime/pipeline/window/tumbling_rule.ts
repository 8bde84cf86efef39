/** When a tumbling window ends: by size, by interval, by what an event says. @module */
import type { IntervalWindow, SizeWindow, StateWindow, WindowDefinition } from "../select_definition.ts";
import { compileValue } from "../target.ts";
import { numberOf } from "../aggregate/accumulator.ts";

/** What an event does to a window. */
export type Turn = "keep" | "emit with it" | "emit before it";

/** Decides for one group; `state` is its own number, `undefined` at first. */
export interface TumblingRule {
  /** Name of the window. */
  readonly name: string;
  /** Looks at an event, or at a finer window's result that time brought. */
  turn(state: number | undefined, value: unknown, time: number): { readonly turn: Turn; readonly state: number };
  /** When the window ends without an event, milliseconds; `undefined` for never. */
  due(state: number | undefined): number | undefined;
}

/** Compiles the rule of a tumbling window, or of one by state. */
export function compileRule(definition: WindowDefinition, path: string, index: number): TumblingRule {
  if ("state" in definition) return stateRule(definition.state, `${path}.state`, index);
  const tumbling = (definition as { readonly tumbling: SizeWindow | IntervalWindow }).tumbling;
  return "size" in tumbling ? sizeRule(tumbling, `${path}.tumbling`, index) : intervalRule(tumbling, index);
}

function sizeRule({ size, increment, name }: SizeWindow, path: string, index: number): TumblingRule {
  const by = increment === undefined ? undefined : compileValue(increment, `${path}.increment`);
  return {
    name: name ?? `window ${index + 1}`,
    turn: (state = 0, value) => {
      const count = state + (by === undefined ? 1 : numberOf(by(value)) ?? 0);
      return count >= size ? { turn: "emit with it", state: count - size } : { turn: "keep", state: count };
    },
    due: () => undefined,
  };
}

function intervalRule({ intervalMs, name }: IntervalWindow, index: number): TumblingRule {
  return {
    name: name ?? `window ${index + 1}`,
    turn: (next, _, time) => {
      if (next === undefined) return { turn: "keep", state: time + intervalMs };
      return next <= time ? { turn: "emit before it", state: time + intervalMs } : { turn: "keep", state: next };
    },
    due: (next) => next,
  };
}

function stateRule({ emit, include, name }: StateWindow, path: string, index: number): TumblingRule {
  const ends = compileValue(emit, `${path}.emit`);
  const included = include === undefined ? undefined : compileValue(include, `${path}.include`);
  return {
    name: name ?? `window ${index + 1}`,
    turn: (_, value) => {
      if (ends(value) !== true) return { turn: "keep", state: 0 };
      const within = included === undefined || included(value) === true;
      return { turn: within ? "emit with it" : "emit before it", state: 0 };
    },
    due: () => undefined,
  };
}
