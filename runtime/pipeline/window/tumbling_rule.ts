/** When a tumbling window ends: by size, by interval, by what an event says. @module */
import type { IntervalWindow, SizeWindow, StateWindow, WindowDefinition } from "../select_definition.ts";
import { compileCondition, compileKind } from "../expected_value.ts";
import { numberOf } from "../aggregate/accumulator.ts";

/** What an event does to a window. */
export type Turn = "keep" | "emit with it" | "emit before it";

/** Where a rule keeps its own number for one group, `undefined` at first. */
export interface TumblingState {
  /** The number. */
  state: number | undefined;
}

/** Decides for one group. */
export interface TumblingRule {
  /** Name of the window. */
  readonly name: string;
  /** Events the window has, where they count one each and nothing else ends it. */
  readonly size?: number;
  /** Most events it may have. */
  readonly maxEvents?: number | undefined;
  /** Looks at an event, or at a finer window's result that time brought. */
  turn(of: TumblingState, value: unknown, time: number): Turn;
  /** When the window ends without an event, milliseconds; `undefined` for never. */
  due(state: number | undefined): number | undefined;
}

/** Compiles the rule of a tumbling window, or of one by state. */
export function compileRule(definition: WindowDefinition, path: string, index: number): TumblingRule {
  if ("state" in definition) return stateRule(definition.state, `${path}.state`, index);
  const tumbling = (definition as { readonly tumbling: SizeWindow | IntervalWindow }).tumbling;
  return "size" in tumbling ? sizeRule(tumbling, `${path}.tumbling`, index) : intervalRule(tumbling, index);
}

function sizeRule({ size, increment, name, maxEvents }: SizeWindow, path: string, index: number): TumblingRule {
  const by = increment === undefined
    ? undefined
    : compileKind(increment, `${path}.increment`, ["number"], 'a number, such as ["field", "bytes"]');
  return {
    name: name ?? `window ${index + 1}`,
    ...(by === undefined ? { size } : {}),
    maxEvents,
    turn: (of, value) => {
      const count = (of.state ?? 0) + (by === undefined ? 1 : numberOf(by(value)) ?? 0);
      const isFull = count >= size;
      of.state = isFull ? count - size : count;
      return isFull ? "emit with it" : "keep";
    },
    due: () => undefined,
  };
}

function intervalRule({ intervalMs, name, maxEvents }: IntervalWindow, index: number): TumblingRule {
  return {
    name: name ?? `window ${index + 1}`,
    maxEvents,
    turn: (of, _, time) => {
      const next = of.state;
      if (next !== undefined && next > time) return "keep";
      of.state = time + intervalMs;
      return next === undefined ? "keep" : "emit before it";
    },
    due: (next) => next,
  };
}

function stateRule({ emit, include, name, maxEvents }: StateWindow, path: string, index: number): TumblingRule {
  const ends = compileCondition(emit, `${path}.emit`);
  const included = include === undefined ? undefined : compileCondition(include, `${path}.include`);
  return {
    name: name ?? `window ${index + 1}`,
    maxEvents,
    turn: (of, value) => {
      const isOver = ends(value) === true;
      const within = isOver && (included === undefined || included(value) === true);
      of.state = 0;
      return !isOver ? "keep" : within ? "emit with it" : "emit before it";
    },
    due: () => undefined,
  };
}
