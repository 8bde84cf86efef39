/** Steps that change or route one event at a time: set, branch, each, flatMap, enrich, state; and batch. @module */
import { json } from "../../codec/json.ts";
import type { Event } from "../../flow/delivery.ts";
import type { ExpressionInput } from "../../flow/flow_definition.ts";
import { keepable, ownedOf, shortKeyOf } from "../aggregate/keeping.ts";
import { compileCondition, compileKey, compileKind } from "../expected_value.ts";
import { Held } from "../held.ts";
import { invalid } from "../invalid.ts";
import type { Emit, Operator } from "../operator.ts";
import type { Target } from "../select_definition.ts";
import { parseExpression } from "../expression.ts";
import { compileTarget } from "../target.ts";
import { RecentMap } from "./recent_map.ts";
import { recordOf } from "./record_of.ts";
import { nativeRoute } from "./route_rows.ts";
import type { BatchDefinition, EachDefinition, StateDefinition } from "./step_definition.ts";

/** Compiles `set`: a copy of the event with fields added or replaced. */
export function compileSet(fields: { readonly [field: string]: Target }, path: string): Operator {
  const { compute } = compileTarget(fields, path);
  return {
    name: "set",
    cursor: "replaces",
    step: (event, emit) => {
      const value = recordOf(event.value, path);
      return emit(event.with({ ...value, ...compute(value) as Record<string, unknown> }));
    },
  };
}

/** Compiles `branch`: to the first port whose condition holds, else on. */
export function compileBranch(conditions: { readonly [port: string]: ExpressionInput }, path: string): Operator {
  const ports = Object.keys(conditions);
  if (ports.length === 0) {
    throw invalid(path, "no port", 'at least one port with its condition, such as { "errors": … }');
  }
  const holds = ports.map((port) => compileCondition(conditions[port]!, `${path}.${port}`));
  let emits: Emit[] = [];
  const expressions = ports.map((port) => parseExpression(conditions[port]!, `${path}.${port}`));
  return {
    ...nativeRoute(expressions, (first, event, emit) => (emits[first] ?? emit)(event)),
    name: "branch",
    cursor: "passes",
    ports,
    bind: (port) => emits = ports.map(port),
    step: (event, emit) => {
      const value = event.value;
      for (let index = 0; index < holds.length; index++) {
        if (holds[index]!(value) === true) return emits[index]!(event);
      }
      return emit(event);
    },
  };
}

/** Compiles `each`: one event for each item of a list. */
export function compileEach({ of, as }: EachDefinition, path: string): Operator {
  const list = compileKind(of, `${path}.of`, ["list"], 'a list, such as ["field", "items"]');
  return flattening("each", (value) => {
    const items = list(value);
    if (!Array.isArray(items)) return [];
    return as === undefined ? items : items.map((item) => ({ ...recordOf(value, path), [as]: item }));
  });
}

/** Compiles `flatMap`: one event for each value a function gives. */
export function compileFlatMap(apply: (value: unknown, event: Event) => Iterable<unknown>): Operator {
  return flattening("flatMap", apply);
}

function flattening(name: string, apply: (value: unknown, event: Event) => Iterable<unknown>): Operator {
  return {
    name,
    step: (event, emit) => {
      let taken = false;
      for (const value of apply(event.value, event)) taken = emit(event.with(value)) || taken;
      return taken;
    },
  };
}

/** Compiles `state`: a value kept from event to event, for each key. */
export function compileState(definition: StateDefinition, path: string): Operator {
  const { key, initial = null, maxKeys = 100_000 } = definition;
  const scope = { names: ["state"], aggregates: false };
  const keyFrom = key === undefined ? () => null : compileKey(key, `${path}.key`);
  const update = compileTarget(definition.update, `${path}.update`, scope).compute;
  const target = definition.target === undefined
    ? undefined
    : compileTarget(definition.target, `${path}.target`, scope).compute;
  const states = new RecentMap<string, { value: unknown }>(maxKeys);
  return {
    name: "state",
    cursor: "passes",
    step: (event, emit) => {
      const input = event.value;
      const id = shortKeyOf(keyFrom(input));
      const known = states.get(id);
      const before = known === undefined ? initial : known.value;
      const made = update({ event: input, state: before });
      // An event without what the update wants says nothing about the state: what was counted so far is not lost for it.
      const next = made === undefined ? before : keepable(ownedOf(event, made));
      if (known === undefined || made !== undefined) states.set(id, { value: next });
      if (target === undefined) return emit(event);
      const value = target({ event: input, state: next });
      return value !== undefined && emit(event.with(value));
    },
    snapshot: () => states.entries().map(([id, { value }]) => [id, value]),
    restore: (state) => {
      for (const [id, value] of state as [string, unknown][]) states.set(id, { value });
    },
  };
}

/** Compiles `batch`: lists of events. */
export function compileBatch({ count, timeoutMs }: BatchDefinition): Operator {
  const held = new Held();
  let values: unknown[] = [];
  let due = 0;
  let last = 0;
  const send = (emit: Emit): void => {
    if (values.length === 0) return;
    const list = values;
    values = [];
    held.emit(list, json, last, emit);
  };
  return {
    name: "batch",
    cursor: "replaces",
    step: (event, emit) => {
      const value = keepable(ownedOf(event, event.value));
      if (values.length === 0) due = event.timestamp + (timeoutMs ?? 0);
      else if (timeoutMs !== undefined && event.timestamp >= due) {
        send(emit);
        due = event.timestamp + timeoutMs;
      }
      last = event.timestamp;
      values.push(value);
      held.add(event);
      if (values.length >= count) send(emit);
      return true;
    },
    flush: send,
    ...(timeoutMs === undefined ? {} : {
      nextTimer: () => values.length > 0 ? due : undefined,
      onTimer: (_, emit) => send(emit),
    }),
    snapshot: () => [values, due, last],
    restore: (state) => {
      [values, due, last] = state as [unknown[], number, number];
    },
  };
}
