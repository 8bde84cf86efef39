/** Counts events by key. @module */
import { json } from "../codec/json.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { Event } from "../flow/delivery.ts";
import type { CountDefinition } from "../flow/flow_definition.ts";
import { owned } from "./aggregate/keeping.ts";
import { compileKey } from "./expected_value.ts";
import { parseExpression } from "./expression.ts";
import type { Rows } from "./kernel_rows.ts";
import type { Emit, Operator } from "./operator.ts";
import { countMakerOf } from "./count_maker.ts";
import { readerOf } from "./shaped_code.ts";
import { keyBytes, mostKeyBytes } from "./window/key_bytes.ts";

/** Whether equal values are the same group as they are: what JSON writes differently, or not at all, goes by its text. */
function isScalar(key: unknown): boolean {
  return typeof key === "string" || typeof key === "boolean" || (typeof key === "number" && Number.isFinite(key));
}

function isIndex(key: unknown): key is number {
  return typeof key === "number" && key >= 0 && key < MOST_INDEXES && (key | 0) === key;
}

interface Group {
  readonly keys: readonly unknown[];
  /** So far; of a group by an index, as it was when last brought up to date. */
  count: number;
  /** Its key, if that is an index; else -1. */
  readonly index: number;
  /** The window it was counted in last. */
  window: number;
}

/** Integers below are indexes. */
const MOST_INDEXES = 4096;

/** Events after which what was counted by index is added to the groups: far less than 2^31. */
const MOST_SINCE = 2 ** 16;

/** Groups that are remembered for the next window. */
const MOST_REMEMBERED = 10_000;

/**
 * Compiles a count. Counted events are delivered as soon as they are counted; results come out when the flow drains, or
 * every `everyEvents` events.
 *
 * Beyond `maxGroups` distinct keys, or `maxKeyBytes` of them, further ones are counted together under `null`, so that
 * hostile keys cannot fill the memory.
 */
export function compileCount(
  definition: CountDefinition,
  path: string,
): Operator {
  const { as = "count", maxGroups = 10_000, everyEvents } = definition;
  const { maxKeyBytes = mostKeyBytes(maxGroups) } = definition;
  const names = Object.keys(definition.by);
  const reads = names.map((name) => [name, parseExpression(definition.by[name]!, `${path}.by.${name}`)] as const);
  const keys = reads.map(([name, expression]) => compileKey(expression, `${path}.by.${name}`));
  const columns = names.map(readerOf);
  if (names.includes(as)) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${path}.as`,
      found: `${JSON.stringify(as)}, which is a key of "by", too`,
      allowed: "a name of its own for the count",
    });
  }
  let groups: Group[] = [];
  let overflow: Group | undefined;
  const byText = new Map<string, Group>();
  // A scalar finds its group by itself: writing it as JSON costs more than the rest of the count.
  const byScalar = new Map<unknown, Group>();
  // Memory of the keys of both.
  let textBytes = 0;
  let scalarBytes = 0;
  // So many keys are small integers: these are counted where nothing but numbers lies. -1: not in the window yet.
  const byIndex = new Int32Array(MOST_INDEXES).fill(-1);
  let since = 0;
  const indexed: (Group | undefined)[] = [];
  let counted = 0;
  let window = 0;
  const result = countMakerOf(names, as);

  /** Brings the groups by an index up to date, and leaves `rest` in place of what was counted since. */
  const bring = (made: readonly Group[], rest: number): void => {
    since = 0;
    for (const group of made) {
      if (group.index < 0) continue;
      group.count += byIndex[group.index]!;
      byIndex[group.index] = rest;
    }
  };

  const flush = (emit: Emit): void => {
    const now = Date.now();
    const made = groups;
    groups = [];
    overflow = undefined;
    byText.clear();
    textBytes = 0;
    // The same keys come again, window for window.
    if (byScalar.size > MOST_REMEMBERED || scalarBytes > maxKeyBytes / 2) {
      byScalar.clear();
      scalarBytes = 0;
      indexed.length = 0;
    }
    counted = 0;
    window++;
    bring(made, -1);
    for (const group of made) emit(Event.made(result(group), json, now));
  };

  /** The group that stands for all there is no room for. */
  const others = (): Group => {
    if (overflow === undefined) groups.push(overflow = { keys: names.map(() => null), count: 0, index: -1, window });
    return overflow;
  };

  const fits = (id: unknown): boolean => textBytes + scalarBytes + keyBytes(id) <= maxKeyBytes;

  /** Takes a group into the window at hand, where there is room for it. */
  const enter = (group: Group): Group => {
    if (groups.length < maxGroups) {
      group.count = 0;
      group.window = window;
      if (group.index >= 0) byIndex[group.index] = 0;
      groups.push(group);
      return group;
    }
    return others();
  };

  const groupOf = (values: readonly unknown[]): Group => {
    const id = JSON.stringify(values);
    const known = byText.get(id);
    if (known !== undefined) return known;
    if (!fits(id)) return others();
    // Bytes may be a view of the batch.
    const group = enter({ keys: values.map(owned), count: 0, index: -1, window });
    if (group === overflow) return group;
    byText.set(id, group);
    textBytes += keyBytes(id);
    return group;
  };

  const groupOfScalar = (key: unknown): Group => {
    const known = isIndex(key) ? indexed[key] : byScalar.get(key);
    if (known !== undefined) return known.window === window ? known : enter(known);
    if (!fits(key)) return others();
    const index = isIndex(key) ? key : -1;
    const group = enter({ keys: [key], count: 0, index, window });
    if (group === overflow) return group;
    byScalar.set(key, group);
    scalarBytes += keyBytes(key);
    if (index >= 0) {
      while (indexed.length <= index) indexed.push(undefined);
      indexed[index] = group;
    }
    return group;
  };

  const add = (group: Group): void => {
    if (group.index < 0) group.count++;
    else byIndex[group.index]!++;
  };

  /** Ends the window after the last of its events. */
  const took = (emit: Emit): true => {
    counted++;
    if (counted === everyEvents) flush(emit);
    else if (++since >= MOST_SINCE) bring(groups, 0);
    return true;
  };

  const addOne = (found: unknown): void => {
    if (isIndex(found)) {
      const count = byIndex[found]!;
      if (count >= 0) {
        byIndex[found] = count + 1;
        return;
      }
    }
    const key = found === undefined ? null : found;
    add(isScalar(key) ? groupOfScalar(key) : groupOf([key]));
  };

  /** Counts by what `of` gives, one function for each key, of the input. */
  const counter = <Input>(of: readonly ((input: Input) => unknown)[]): (input: Input, emit: Emit) => boolean => {
    const [only, second] = of;
    if (only !== undefined && second === undefined) {
      return (input, emit) => {
        addOne(only(input));
        return took(emit);
      };
    }
    return (input, emit) => {
      add(groupOf(of.map((key) => key(input))));
      return took(emit);
    };
  };
  /** Most rows bring a small integer that has a group: then nothing but numbers in memory is looked at. */
  const countRows = (rows: Rows, from: number, to: number, emit: Emit): void => {
    const { floats } = rows;
    const counts = byIndex;
    const end = rows.start + to;
    for (let at = rows.start + from; at < end;) {
      const first = at;
      const stop = everyEvents === undefined ? end : Math.min(end, at + everyEvents - counted);
      for (; at < stop; at++) {
        const number = floats[at]!;
        const index = number | 0;
        if (index === number && index >= 0 && index < MOST_INDEXES) {
          const count = counts[index]!;
          if (count >= 0) counts[index] = count + 1;
          else add(groupOfScalar(index));
        } else {
          addOne(rows.value(at));
        }
      }
      counted += at - first;
      since += at - first;
      if (counted === everyEvents) flush(emit);
      else if (since >= MOST_SINCE) bring(groups, 0);
    }
  };
  const stepRows = keys.length === 1 ? countRows : (rows: Rows, from: number, to: number, emit: Emit): void => {
    for (let index = from; index < to; index++) countRow(rows.record(index), emit);
  };
  const countValue = counter(keys);
  const countRow = counter<unknown>(columns);

  return {
    name: "count",
    step: (event, emit) => countValue(event.value, emit),
    kernelStep: {
      reads: reads.map(([name, expression]) => ({ path: [name], expression })),
      passes: false,
      keepsRows: false,
    },
    cursor: "replaces",
    stepRead: (_, row, emit) => countRow(row, emit),
    stepRows,
    flush,
    snapshot: () => {
      bring(groups, 0);
      return [counted, groups.map((group) => [group === overflow, group.keys, group.count])];
    },
    restore: (state) => {
      const [before, kept] = state as [number, [boolean, unknown[], number][]];
      counted = before;
      for (const [isOthers, values, count] of kept) {
        const [only] = values;
        const group = isOthers
          ? others()
          : values.length === 1 && isScalar(only)
          ? groupOfScalar(only)
          : groupOf(values);
        group.count += count;
      }
    },
  };
}
