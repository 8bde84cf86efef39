/** Steps that let only so many events pass: bucket, throttle, dedupe, sample. @module */
import type { Event } from "../../flow/delivery.ts";
import { numberOf } from "../aggregate/accumulator.ts";
import { keyOf, shortKeyOf } from "../aggregate/keeping.ts";
import type { ExpressionInput } from "../../flow/flow_definition.ts";
import { compileKey, compileKind } from "../expected_value.ts";
import { parseExpression } from "../expression.ts";
import { invalid } from "../invalid.ts";
import type { KernelRead } from "../kernel_program.ts";
import type { Emit, Operator } from "../operator.ts";
import { WindowCache } from "./window_cache.ts";
import { RateWindow } from "./rate_window.ts";
import { RecentMap } from "./recent_map.ts";
import type { BucketDefinition, DedupeDefinition, SampleDefinition, ThrottleDefinition } from "./step_definition.ts";

const dropped: Emit = () => false;

/** Classes of a bucket: who writes events may choose their names, and must not fill the memory with them. */
const MOST_CLASSES = 1000;

/** Texts of keys that are remembered. */
const MOST_TEXTS = 4096;

/** `keyOf` for keys that come again and again: a text made anew has to be hashed anew in every map it is looked up in. */
function keyTexts(): (key: unknown) => string {
  const texts = new Map<unknown, string>();
  return (key) => {
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = shortKeyOf(key);
    // Scalars only: a list is another one each time. A long text would be kept with all its length.
    if (typeof key !== "object" && text.length < 256) {
      if (texts.size >= MOST_TEXTS) texts.clear();
      texts.set(key, text);
    }
    return text;
  };
}

function keyRead(key: ExpressionInput, path: string): readonly KernelRead[] {
  return [{ path: ["key"], expression: parseExpression(key, `${path}.key`) }];
}

const RATE = "a number, how many pass within the time: 0 or more";

function compileRate(rate: ExpressionInput, path: string): (value: unknown) => unknown {
  const of = compileKind(rate, path, ["number"], RATE);
  if (typeof rate === "number" && rate < 0) throw invalid(path, String(rate), RATE);
  return of;
}

/** Compiles a bucket: a rate limit for each class and, within it, for each dimension. */
export function compileBucket(definition: BucketDefinition, path: string): Operator {
  const { cardinality = 1000, timeRangeMs = 1000, windows = 100, dimensions } = definition;
  const classOf = compileKind(definition.class, `${path}.class`, ["text"], "a text: the name of the class");
  const rateOf = compileRate(definition.rate, `${path}.rate`);
  const dimensionsOf = dimensions === undefined ? () => null : compileKey(dimensions, `${path}.dimensions`);
  const classes = new RecentMap<string, RecentMap<string, RateWindow>>(MOST_CLASSES);
  let overflow = dropped;
  let err = dropped;
  const textOf = keyTexts();
  const windowOf = (name: string, key: string): RateWindow => {
    let keys = classes.get(name);
    if (keys === undefined) classes.set(name, keys = new RecentMap(cardinality));
    let window = keys.get(key);
    if (window === undefined) keys.set(key, window = new RateWindow(timeRangeMs, windows));
    return window;
  };
  const limit = (event: Event, name: unknown, rate: unknown, key: unknown, emit: Emit): boolean => {
    const most = numberOf(rate);
    if (typeof name !== "string" || most === undefined) return err(event);
    return windowOf(name, textOf(key)).admit(event.timestamp, most) ? emit(event) : overflow(event);
  };
  const windowAt = new WindowCache((name, key) => {
    windowOf(name, key);
    const keys = classes.get(name)!;
    return { keys, entry: keys.find(key)! };
  }, textOf);
  return {
    name: "bucket",
    ports: ["overflow", "err"],
    bind: (port) => {
      overflow = port("overflow");
      err = port("err");
    },
    step: (event, emit) => {
      const value = event.value;
      return limit(event, classOf(value), rateOf(value), dimensionsOf(value), emit);
    },
    kernelStep: {
      reads: Object.entries({ class: definition.class, rate: definition.rate, dimensions: dimensions ?? null })
        .map(([name, given]) => ({ path: [name], expression: parseExpression(given, `${path}.${name}`) })),
      passes: true,
      keepsRows: false,
    },
    stepRead: (event, { class: name, rate, dimensions }, emit) => limit(event, name, rate, dimensions, emit),
    stepRows: (rows, from, to, emit) => {
      const { floats } = rows;
      for (let index = from; index < to; index++) {
        const at = rows.start + rows.columns * index;
        rows.at = index;
        const number = rows.numberOf(index);
        const event = rows.cursor!.moveTo(number);
        const rate = floats[at + 1]!;
        const window = rate === rate ? windowAt.find(rows, at) : undefined;
        const taken = window === undefined
          ? limit(event, rows.value(at), rows.value(at + 1), rows.value(at + 2), emit)
          : window.admit(rows.batch!.timestampMs(number), rate)
          ? emit(event)
          : overflow(event);
        if (!taken) rows.dropped++;
      }
    },
    snapshot: () =>
      classes.entries().map(([name, keys]) => [name, keys.entries().map(([key, window]) => [key, window.snapshot()])]),
    restore: (state) => {
      for (const [name, keys] of state as [string, [string, unknown][]][]) {
        for (const [key, window] of keys) windowOf(name, key).restore(window);
      }
    },
  };
}

/** Compiles a throttle: a bucket of one class. */
export function compileThrottle({ limit, perMs, key, maxKeys }: ThrottleDefinition, path: string): Operator {
  if (key !== undefined) compileKey(key, `${path}.key`);
  const bucket = compileBucket({
    class: "throttle",
    rate: limit,
    ...(key === undefined ? {} : { dimensions: key }),
    ...(perMs === undefined ? {} : { timeRangeMs: perMs }),
    ...(maxKeys === undefined ? {} : { cardinality: maxKeys }),
  }, path);
  return { ...bucket, name: "throttle", ports: ["overflow"] };
}

/** Compiles a dedupe. */
export function compileDedupe(definition: DedupeDefinition, path: string): Operator {
  const { withinMs = Infinity, maxKeys = 100_000 } = definition;
  const of = compileKey(definition.key, `${path}.key`);
  const seen = new RecentMap<string, number>(maxKeys);
  const first = (event: Event, value: unknown, emit: Emit): boolean => {
    const now = event.timestamp;
    const key = shortKeyOf(value);
    const last = seen.get(key);
    if (last !== undefined && now - last < withinMs) return false;
    seen.set(key, now);
    return emit(event);
  };
  return {
    name: "dedupe",
    step: (event, emit) => first(event, of(event.value), emit),
    kernelStep: { reads: keyRead(definition.key, path), passes: true, keepsRows: false },
    stepRead: (event, { key }, emit) => first(event, key, emit),
    snapshot: () => seen.entries(),
    restore: (state) => {
      for (const [key, at] of state as [string, number][]) seen.set(key, at);
    },
  };
}

/** Compiles a sample. */
export function compileSample({ keep, key }: SampleDefinition, path: string): Operator {
  let carry = 0;
  if (key !== undefined) {
    const of = compileKey(key, `${path}.key`);
    return {
      name: "sample",
      step: (event, emit) => share(keyOf(of(event.value))) < keep && emit(event),
      kernelStep: { reads: keyRead(key, path), passes: true, keepsRows: false },
      stepRead: (event, row, emit) => share(keyOf(row["key"])) < keep && emit(event),
    };
  }
  return {
    name: "sample",
    step: (event, emit) => {
      // Evenly, not by chance: of ten events with 0.1 exactly one passes.
      carry += keep;
      if (carry < 1 - 1e-9) return false;
      carry -= 1;
      return emit(event);
    },
    snapshot: () => carry,
    restore: (state) => void (carry = state as number),
  };
}

/** A number from 0 to 1 that is always the same for the same text. */
function share(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
