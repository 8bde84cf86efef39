/** Counts events by key. @module */
import { json } from "../codec/json.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { Event } from "../flow/delivery.ts";
import type { CountDefinition } from "../flow/flow_definition.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Emit, Operator } from "./operator.ts";
import { readerOf } from "./shaped_code.ts";

/** Whether equal values are the same group as they are: what JSON writes differently, or not at all, goes by its text. */
function isScalar(key: unknown): boolean {
  return typeof key === "string" || typeof key === "boolean" || (typeof key === "number" && Number.isFinite(key));
}

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
  let groups: Group[] = [];
  let overflow: Group | undefined;
  const byText = new Map<string, Group>();
  // A scalar finds its group by itself: writing it as JSON costs more than the rest of the count.
  const byScalar = new Map<unknown, Group>();
  let counted = 0;

  const flush = (emit: Emit): void => {
    const now = Date.now();
    const made = groups;
    groups = [];
    overflow = undefined;
    byText.clear();
    byScalar.clear();
    counted = 0;
    for (const { keys, count } of made) {
      const value: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index++) value[names[index]!] = keys[index] ?? null;
      value[as] = count;
      emit(Event.made(value, json, now));
    }
  };

  const groupFor = (values: readonly unknown[]): Group => {
    if (groups.length < maxGroups) {
      const group = { keys: values, count: 0 };
      groups.push(group);
      return group;
    }
    if (overflow === undefined) groups.push(overflow = { keys: names.map(() => null), count: 0 });
    return overflow;
  };

  const groupOf = (values: readonly unknown[]): Group => {
    const id = JSON.stringify(values);
    const known = byText.get(id);
    if (known !== undefined) return known;
    const group = groupFor(values);
    if (group !== overflow) byText.set(id, group);
    return group;
  };

  const groupOfScalar = (key: unknown): Group => {
    const group = groupFor([key]);
    if (group !== overflow) byScalar.set(key, group);
    return group;
  };

  const take = (group: Group, emit: Emit): boolean => {
    group.count++;
    counted++;
    if (counted === everyEvents) flush(emit);
    return true;
  };

  const countOne = (found: unknown, emit: Emit): boolean => {
    const known = byScalar.get(found);
    if (known !== undefined) return take(known, emit);
    const key = found === undefined ? null : found;
    return take(isScalar(key) ? groupOfScalar(key) : groupOf([key]), emit);
  };

  /** Counts by what `of` gives, one function for each key, of the input. */
  const counter = <Input>(of: readonly ((input: Input) => unknown)[]): (input: Input, emit: Emit) => boolean => {
    const [only, second] = of;
    if (only !== undefined && second === undefined) return (input, emit) => countOne(only(input), emit);
    return (input, emit) => take(groupOf(of.map((key) => key(input))), emit);
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
    letsGo: true,
    stepRead: (_, row, emit) => countRow(row, emit),
    flush,
  };
}
