/** Counts events by key. @module */
import { json } from "../codec/json.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { Event } from "../flow/delivery.ts";
import type { CountDefinition } from "../flow/flow_definition.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Emit, Operator } from "./operator.ts";
import { readerOf } from "./shaped_code.ts";

interface Group {
  readonly keys: readonly unknown[];
  count: number;
}

/**
 * Compiles a count. Counted events are delivered as soon as they are counted; results come out when the flow drains, or
 * every `everyEvents` events.
 *
 * Beyond `maxGroups` distinct keys, further ones are counted together under `null`, so that hostile keys cannot fill
 * the memory.
 */
export function compileCount(
  definition: CountDefinition,
  path: string,
): Operator {
  const { as = "count", maxGroups = 10_000, everyEvents } = definition;
  const names = Object.keys(definition.by);
  const reads = names.map((name) => [name, parseExpression(definition.by[name]!, `${path}.by.${name}`)] as const);
  const keys = reads.map(([, expression]) => compileExpression(expression));
  const columns = names.map(readerOf);
  if (names.includes(as)) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${path}.as`,
      found: `${JSON.stringify(as)}, which is a key of "by", too`,
      allowed: "a name of its own for the count",
    });
  }
  const groups = new Map<string, Group>();
  const byScalar = new Map<unknown, Group>();
  let counted = 0;

  const flush = (emit: Emit): void => {
    const now = Date.now();
    for (const { keys, count } of groups.values()) {
      const value: Record<string, unknown> = {};
      for (const [index, name] of names.entries()) {
        value[name] = keys[index] ?? null;
      }
      value[as] = count;
      emit(Event.made(value, json, now));
    }
    groups.clear();
    byScalar.clear();
    counted = 0;
  };

  const groupOf = (values: readonly unknown[]): Group => {
    const id = JSON.stringify(values);
    const known = groups.get(id);
    if (known !== undefined) return known;
    const overflow = groups.size >= maxGroups;
    const groupId = overflow ? "" : id;
    let group = groups.get(groupId);
    if (group === undefined) groups.set(groupId, group = { keys: overflow ? names.map(() => null) : values, count: 0 });
    return group;
  };

  const take = (group: Group, emit: Emit): boolean => {
    group.count++;
    counted++;
    if (counted === everyEvents) flush(emit);
    return true;
  };

  /** `of`: one function for each key, of `input`. */
  const count = (of: readonly ((input: unknown) => unknown)[], input: unknown, emit: Emit): boolean => {
    if (of.length !== 1) return take(groupOf(of.map((key) => key(input))), emit);
    const key = of[0]!(input);
    // A scalar finds its group by itself: writing it as JSON for each event costs more than the rest of the count.
    let group = byScalar.get(key);
    if (group === undefined) {
      group = groupOf([key]);
      if (typeof key !== "object" && byScalar.size < maxGroups) byScalar.set(key, group);
    }
    return take(group, emit);
  };

  return {
    name: "count",
    step: (event, emit) => count(keys, event.value, emit),
    kernelStep: {
      reads: reads.map(([name, expression]) => ({ path: [name], expression })),
      passes: false,
      keepsRows: false,
    },
    stepRead: (_, row, emit) => count(columns, row, emit),
    flush,
  };
}
