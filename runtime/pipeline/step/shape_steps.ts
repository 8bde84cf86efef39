/** Steps that change or route one event at a time: set, branch, each, flatMap, enrich, state; and batch. @module */
import { json } from "../../codec/json.ts";
import { CaissonError } from "../../errors/caisson_error.ts";
import type { Event } from "../../flow/delivery.ts";
import type { ExpressionInput } from "../../flow/flow_definition.ts";
import { keepable, keyOf } from "../aggregate/keeping.ts";
import { Held } from "../held.ts";
import { invalid } from "../invalid.ts";
import type { Emit, Operator } from "../operator.ts";
import type { Target } from "../select_definition.ts";
import { SqliteStore } from "../store/key_value_store.ts";
import { compileTarget, compileValue } from "../target.ts";
import { RecentMap } from "./recent_map.ts";
import type { BatchDefinition, EachDefinition, EnrichDefinition, StateDefinition } from "./step_definition.ts";

function recordOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CaissonError("CAISSON_OPERATOR_FAILED", {
    subject: path,
    found: value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`,
    allowed: "a record, which fields can be added to",
  });
}

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
  const holds = ports.map((port) => compileValue(conditions[port]!, `${path}.${port}`));
  let emits: Emit[] = [];
  return {
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
  const list = compileValue(of, `${path}.of`);
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

/** Compiles `enrich`: adds what a table or a store knows. */
export function compileEnrich(definition: EnrichDefinition, path: string): Operator {
  const { table, store, as, missing = "pass" } = definition;
  if ((table === undefined) === (store === undefined)) {
    throw invalid(path, table === undefined ? "neither table nor store" : "table and store", "one of table, store");
  }
  const keyFrom = compileValue(definition.key, `${path}.key`);
  const entries = table === undefined ? undefined : new Map(Object.entries(table));
  // Opened with the first event: a flow that is only checked must not make files.
  let opened = typeof store === "object" ? store : undefined;
  const find = (key: string): unknown => {
    if (entries !== undefined) return entries.get(key);
    opened ??= new SqliteStore(store as string);
    return opened.get(key);
  };
  return {
    name: "enrich",
    cursor: "passes",
    step: (event, emit) => {
      const value = recordOf(event.value, path);
      const key = keyFrom(value);
      const found = key === undefined || key === null ? undefined : find(String(key));
      if (found !== undefined) return emit(event.with({ ...value, [as]: found }));
      if (missing === "pass") return emit(event);
      if (missing === "drop") return false;
      throw new CaissonError("CAISSON_OPERATOR_FAILED", {
        subject: path,
        found: `no entry for ${JSON.stringify(key) ?? "an absent key"}`,
        allowed: "a key that the table has",
      });
    },
    // A store the program brought is the program's to close.
    close: () => void (typeof store === "string" && opened?.close?.()),
  };
}

/** Compiles `state`: a value kept from event to event, for each key. */
export function compileState(definition: StateDefinition, path: string): Operator {
  const { key, initial = null, maxKeys = 100_000 } = definition;
  const scope = { names: ["state"], aggregates: false };
  const keyFrom = key === undefined ? () => null : compileValue(key, `${path}.key`);
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
      const id = keyOf(keyFrom(input));
      const next = keepable(update({ event: input, state: states.get(id)?.value ?? initial }));
      states.set(id, { value: next });
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
      const value = keepable(event.value);
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
