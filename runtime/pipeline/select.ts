/** `select`: where, groupBy, window, target, having. @module */
import type { Event } from "../flow/delivery.ts";
import { aggregateOf } from "./aggregate/aggregates.ts";
import { compileCondition } from "./expected_value.ts";
import { parseExpression } from "./expression.ts";
import { FieldPaths } from "./field_paths.ts";
import type { ExpressionInput } from "../flow/flow_definition.ts";
import { compileGroupBy, type GroupKeys, groupValue } from "./group_by.ts";
import type { KernelStep } from "./kernel_program.ts";
import type { Emit, Operator } from "./operator.ts";
import type { SelectDefinition, Target, WindowLimits } from "./select_definition.ts";
import { type CompiledTarget, compileTarget, fieldPathOf, isRecord } from "./target.ts";
import { compileWindow } from "./window/compile_window.ts";
import { tumblingRows } from "./window/tumbling_rows.ts";
import { TumblingWindows } from "./window/tumbling_windows.ts";
import type { Windows } from "./window/window_operator.ts";
import { WindowResult } from "./window/window_result.ts";

type Holds = ((value: unknown) => unknown) | undefined;

const wholeEvent: Target = ["field", []];

/**
 * Compiles a `select`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileSelect(definition: SelectDefinition, path: string): Operator {
  const { where, window, having, groupBy } = definition;
  const keeps: Holds = where === undefined ? undefined : compileCondition(where, `${path}.where`);
  const wanted: Holds = having === undefined ? undefined : compileCondition(having, `${path}.having`);
  if (window !== undefined) return windowed(definition, path, keeps, wanted);
  if (groupBy !== undefined) return grouped(definition, path, keeps, wanted);
  const target = definition.target === undefined ? undefined : plainTarget(definition.target, path);
  return {
    name: "select",
    cursor: target === undefined ? "passes" : "replaces",
    step: (event, emit) => {
      if (keeps !== undefined && keeps(event.value) !== true) return false;
      if (target === undefined) return wanted === undefined || wanted(event.value) === true ? emit(event) : false;
      const value = target(event.value);
      if (value === undefined || (wanted !== undefined && wanted(value) !== true)) return false;
      return emit(event.with(value));
    },
  };
}

function plainTarget(target: Target, path: string): (value: unknown) => unknown {
  // Says that an aggregate needs a window, where the parser would only say where else it may stand.
  compileTarget(target, `${path}.target`, { names: [], aggregates: false });
  return compileTarget(target, `${path}.target`).compute;
}

/** Groups without a window: one result for each group an event belongs to. */
function grouped(
  { groupBy, target = wholeEvent }: SelectDefinition,
  path: string,
  keeps: Holds,
  wanted: Holds,
): Operator {
  const keysOf = compileGroupBy(groupBy, `${path}.groupBy`);
  const { compute } = compileTarget(target, `${path}.target`, { names: ["group"], aggregates: false });
  return {
    name: "select",
    cursor: "replaces",
    step: (event, emit) => {
      const input = event.value;
      if (keeps !== undefined && keeps(input) !== true) return false;
      let taken = false;
      for (const { values } of keysOf(input)) {
        const value = compute({ event: input, group: groupValue(values) });
        if (value === undefined || (wanted !== undefined && wanted(value) !== true)) continue;
        taken = emit(event.with(value)) || taken;
      }
      return taken;
    },
  };
}

/** What a window looks at of an event: what the kernel may read in its place. */
function windowReads({ where, groupBy, window, target = wholeEvent }: SelectDefinition): KernelStep | undefined {
  // A list of its own for each event is more than the kernel hands over.
  if (isRecord(groupBy) && JSON.stringify(groupBy).includes('"each"')) return undefined;
  const reads = new FieldPaths().add(groupBy).add(window).add(target).reads();
  if (reads === undefined) return undefined;
  const filter = where === undefined ? {} : { where: parseExpression(where, "where") };
  // A window keeps the last event for what its target says beside aggregates, and for coarser frames.
  const isAggregate = (name: unknown) => aggregateOf(name) !== undefined;
  const keepsRows = !new FieldPaths(isAggregate).add(target).isEmpty || (Array.isArray(window) && window.length > 1);
  return { reads, ...filter, passes: false, keepsRows };
}

function windowed(definition: SelectDefinition, path: string, keeps: Holds, wanted: Holds): Operator {
  const { groupBy, window, target = wholeEvent, atEnd = "emit" } = definition;
  const kernelStep = windowReads(definition);
  const keysOf = compileGroupBy(groupBy, `${path}.groupBy`);
  const compiled = compileTarget(target, `${path}.target`, {
    names: ["group", "window", "cardinality"],
    aggregates: true,
  });
  const windows = compileWindow(window!, `${path}.window`, new WindowResult(compiled, wanted));
  const { groups, nextTimer, onTimer } = windows;
  const stepRows = kernelStep === undefined ? undefined : rowTaker(definition, kernelStep, windows, keysOf, compiled);
  const add = (event: Event, value: unknown, emit: Emit): boolean => {
    let taken = false;
    const keys = keysOf(value);
    for (let index = 0; index < keys.length; index++) taken = windows.add(keys[index]!, event, value, emit) || taken;
    windows.settle?.(emit);
    return taken;
  };
  return {
    name: "select",
    cursor: "replaces",
    ports: [...windows.ports, "overflow"],
    bind: (port, warn) => {
      groups.bind(port("overflow"), warn);
      windows.bind?.(port, warn);
    },
    linked: (port, linked) => {
      if (port === "overflow") groups.overflowLinked = linked;
      windows.linked?.(port, linked);
    },
    step: (event, emit) => {
      const value = event.value;
      return keeps !== undefined && keeps(value) !== true ? false : add(event, value, emit);
    },
    ...(kernelStep === undefined ? {} : { kernelStep, stepRead: add }),
    ...(stepRows === undefined ? {} : { stepRows }),
    flush: (emit) => {
      windows.flush(atEnd === "emit" ? emit : () => false);
      groups.summarize();
    },
    ...(nextTimer === undefined ? {} : { nextTimer, onTimer: onTimer! }),
    snapshot: () => windows.snapshot(),
    restore: (state) => windows.restore(state),
  };
}

/** Takes rows in many at a time: plain windows by size whose group and aggregates are columns. */
function rowTaker(
  { groupBy, window }: SelectDefinition,
  kernelStep: KernelStep,
  windows: Windows<unknown>,
  keysOf: GroupKeys,
  { aggregates }: CompiledTarget,
): Operator["stepRows"] {
  if (!("reads" in kernelStep) || kernelStep.keepsRows || !(windows instanceof TumblingWindows)) return undefined;
  const first = (Array.isArray(window) ? window[0] : window) as { readonly tumbling?: WindowLimits };
  // An event that sends out another group's window and then fails takes that back: for rows nobody could.
  if (windows.plainSize === undefined || first.tumbling?.onOverflow === "evict") return undefined;
  const paths = kernelStep.reads.map(({ path }) => JSON.stringify(path));
  const columnOf = (path: readonly string[] | undefined) =>
    path === undefined ? -1 : path.length === 0 ? undefined : paths.indexOf(JSON.stringify(path));
  const keyColumn = groupBy === undefined
    ? undefined
    : columnOf(isRecord(groupBy) ? undefined : fieldPathOf(parseExpression(groupBy as ExpressionInput, "groupBy")));
  const columns = aggregates.map(({ path }) => columnOf(path));
  if (keyColumn === -1 || columns.includes(-1)) return undefined;
  return tumblingRows({ windows, keysOf, keyColumn, columns });
}
