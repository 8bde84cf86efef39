/** Makes the windows a definition asks for, and refuses those that cannot be. @module */
import { quote } from "../../manifest/untrusted_text.ts";
import { invalid } from "../invalid.ts";
import type {
  EventTime,
  IntervalWindow,
  SessionWindow,
  SlidingSizeWindow,
  SlidingTimeWindow,
  WindowDefinition,
  WindowLimits,
} from "../select_definition.ts";
import { compileTime } from "./event_time.ts";
import { SlidingSizeWindows } from "./sliding_size_windows.ts";
import type { Span } from "./timed_group.ts";
import { type CoarserFrame, TimedWindows } from "./timed_windows.ts";
import { compileRule } from "./tumbling_rule.ts";
import { TumblingWindows } from "./tumbling_windows.ts";
import type { WindowResult } from "./window_result.ts";
import type { Windows } from "./window_operator.ts";

/** Shortest window on the clock, milliseconds: a number for the time of today has few digits left below it. */
const LEAST_MS = 0.001;
const eventTimeKeys: readonly string[] = ["time", "maxAheadMs", "delayMs", "latenessMs", "idleMs"];
const lengths: readonly string[] = ["intervalMs", "everyMs", "gapMs"];

/** Most windows one event may belong to: more is a definition that costs memory nobody meant to spend. */
const MOST_OVERLAPS = 1000;

/**
 * Compiles the window, or the tilt frames, of a `select`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileWindow(
  definition: WindowDefinition | readonly WindowDefinition[],
  path: string,
  result: WindowResult,
): Windows<unknown> {
  const list = Array.isArray(definition) ? definition as readonly WindowDefinition[] : [definition as WindowDefinition];
  const [first] = list;
  if (first === undefined) throw invalid(path, "no window", "a window, or a list of tilt frames");
  if (list.length === 1) {
    const single = compileSingle(first, path, result);
    if (single !== undefined) return single;
  }
  for (const [index, frame] of list.entries()) checkFrame(frame, index, `${path}[${index}]`);
  refuseSameNames(list, path);
  if ("tumbling" in first && "intervalMs" in first.tumbling) {
    if (first.tumbling.time !== undefined) {
      return byEventTime(first.tumbling, coarserFrames(list, path), `${path}[0].tumbling`, result);
    }
    needsTime(first.tumbling, `${path}[0].tumbling`);
  }
  const tilted = Array.isArray(definition);
  const rules = list.map((frame, index) => compileRule(frame, tilted ? `${path}[${index}]` : path, index));
  const limits: WindowLimits = "state" in first ? first.state : (first as { tumbling: WindowLimits }).tumbling;
  const timed = list.some((frame) => "tumbling" in frame && "intervalMs" in frame.tumbling);
  return new TumblingWindows(
    rules,
    result,
    { maxGroups: limits.maxGroups, maxKeyBytes: limits.maxKeyBytes, onOverflow: limits.onOverflow },
    timed,
  ) as Windows<unknown>;
}

function refuseSameNames(list: readonly WindowDefinition[], path: string): void {
  const names = list.map((frame, index) => (Object.values(frame)[0] as WindowLimits).name ?? `window ${index + 1}`);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    throw invalid(`${path}[${index}]`, `a second window named ${quote(name)}`, "a name of its own for each window");
  }
}

function checkFrame(frame: WindowDefinition, index: number, path: string): void {
  const kind = Object.keys(frame)[0]!;
  if (kind !== "tumbling" && kind !== "state") {
    throw invalid(path, `a ${kind} window among tilt frames`, "tumbling windows and windows by state");
  }
  const timed = "tumbling" in frame
    ? Object.keys(frame.tumbling).find((key) => eventTimeKeys.includes(key))
    : undefined;
  if (index > 0 && timed !== undefined) {
    throw invalid(
      `${path}.tumbling.${timed}`,
      `${timed} in a coarser tilt frame`,
      `${timed} in the first frame, for all of them`,
    );
  }
  const { maxGroups, maxKeyBytes, onOverflow } = Object.values(frame)[0] as WindowLimits;
  if (index > 0 && (maxGroups ?? maxKeyBytes ?? onOverflow) !== undefined) {
    throw invalid(
      path,
      "limits in a coarser tilt frame",
      "maxGroups, maxKeyBytes and onOverflow in the first frame, for all of them",
    );
  }
}

function compileSingle(definition: WindowDefinition, path: string, result: WindowResult): Windows<unknown> | undefined {
  if ("session" in definition) {
    const { gapMs } = definition.session;
    const assign = (time: number): Span[] => [{ start: time, end: time + gapMs }];
    return timed(definition.session, `${path}.session`, assign, true, result);
  }
  if ("sliding" in definition) {
    return "size" in definition.sliding
      ? slidingSize(definition.sliding, `${path}.sliding`, result)
      : slidingTime(definition.sliding, `${path}.sliding`, result);
  }
  if ("tumbling" in definition && "intervalMs" in definition.tumbling && definition.tumbling.time !== undefined) {
    return byEventTime(definition.tumbling, [], `${path}.tumbling`, result);
  }
  if ("tumbling" in definition && "intervalMs" in definition.tumbling) {
    needsTime(definition.tumbling, `${path}.tumbling`);
  }
  return undefined;
}

function byEventTime(
  definition: IntervalWindow,
  coarser: readonly CoarserFrame[],
  path: string,
  result: WindowResult,
): Windows<unknown> {
  const { intervalMs } = definition;
  const assign = (time: number): Span[] => {
    const start = Math.floor(time / intervalMs) * intervalMs;
    return [{ start, end: start + intervalMs }];
  };
  return timed(definition, path, assign, false, result, coarser);
}

/** Frames of event time begin and end with the clock, so that each holds whole ones of the finer. */
function coarserFrames(list: readonly WindowDefinition[], path: string): CoarserFrame[] {
  const intervals = list.map((frame, index) => {
    const interval = "tumbling" in frame && "intervalMs" in frame.tumbling ? frame.tumbling : undefined;
    if (interval === undefined) {
      throw invalid(
        `${path}[${index}]`,
        `${Object.keys(frame)[0]} without intervalMs`,
        "intervals, where the first frame has event time",
      );
    }
    return interval;
  });
  return intervals.slice(1).map(({ intervalMs, maxEvents, name }, index) => {
    const finer = intervals[index]!.intervalMs;
    if (intervalMs % finer !== 0) {
      throw invalid(
        `${path}[${index + 1}].tumbling.intervalMs`,
        String(intervalMs),
        `a multiple of the finer frame's ${finer}`,
      );
    }
    return { name: name ?? `window ${index + 2}`, intervalMs, maxEvents };
  });
}

function slidingSize(definition: SlidingSizeWindow, path: string, result: WindowResult): Windows<unknown> {
  const { size, every = 1 } = definition;
  if (size % every !== 0) throw invalid(`${path}.every`, String(every), `a divisor of the size ${size}`);
  if (size / every > MOST_OVERLAPS) {
    throw invalid(`${path}.every`, String(every), `at least ${Math.ceil(size / MOST_OVERLAPS)}, for a size of ${size}`);
  }
  return new SlidingSizeWindows(definition, result) as Windows<unknown>;
}

function slidingTime(definition: SlidingTimeWindow, path: string, result: WindowResult): Windows<unknown> {
  const { intervalMs, everyMs } = definition;
  if (everyMs > intervalMs || intervalMs / everyMs > MOST_OVERLAPS) {
    throw invalid(`${path}.everyMs`, String(everyMs), `${intervalMs / MOST_OVERLAPS} to ${intervalMs}`);
  }
  const assign = (time: number): Span[] => {
    const spans: Span[] = [];
    const last = Math.floor(time / everyMs);
    // By number, not by subtraction: the same window starts at the same fraction whichever event it is seen from.
    for (let back = Math.ceil(intervalMs / everyMs); back >= 0; back--) {
      const start = (last - back) * everyMs;
      if (start > time - intervalMs) spans.push({ start, end: start + intervalMs });
    }
    return spans;
  };
  return timed(definition, path, assign, false, result);
}

function timed(
  definition: (IntervalWindow | SlidingTimeWindow | SessionWindow) & EventTime & WindowLimits,
  path: string,
  assign: (time: number) => readonly Span[],
  merge: boolean,
  result: WindowResult,
  coarser: readonly CoarserFrame[] = [],
): Windows<unknown> {
  const processing = definition.time === undefined;
  if (processing) needsTime(definition, path);
  for (const [key, milliseconds] of Object.entries({ ...definition, time: undefined })) {
    if (!lengths.includes(key) || milliseconds as number >= LEAST_MS) continue;
    throw invalid(`${path}.${key}`, String(milliseconds), `at least ${LEAST_MS}`);
  }
  return new TimedWindows(
    { ...definition, timeOf: compileTime(definition, path), assign, merge, processing, coarser },
    result,
  ) as Windows<unknown>;
}

function needsTime(definition: EventTime, path: string): void {
  for (const key of ["maxAheadMs", "delayMs", "latenessMs", "idleMs"] as const) {
    if (definition[key] === undefined) continue;
    throw invalid(`${path}.${key}`, `${key} without event time`, 'event time: "time": ["field", …], or no such key');
  }
}
