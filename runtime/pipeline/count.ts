/** Counts events by key. @module */
import { json } from "../codec/json.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { Event } from "../flow/delivery.ts";
import type { CountDefinition } from "../flow/flow_definition.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Emit, Operator } from "./operator.ts";

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
  const keys = names.map((name) =>
    compileExpression(
      parseExpression(definition.by[name]!, `${path}.by.${name}`),
    )
  );
  if (names.includes(as)) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${path}.as`,
      found: `${JSON.stringify(as)}, which is a key of "by", too`,
      allowed: "a name of its own for the count",
    });
  }
  const groups = new Map<string, Group>();
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
    counted = 0;
  };

  return {
    name: "count",
    step: (event, emit) => {
      const input = event.value;
      const values = keys.map((key) => key(input));
      const id = JSON.stringify(values);
      let group = groups.get(id);
      if (group === undefined) {
        const overflow = groups.size >= maxGroups;
        const groupId = overflow ? "" : id;
        group = groups.get(groupId);
        if (group === undefined) {
          groups.set(
            groupId,
            group = {
              keys: overflow ? names.map(() => null) : values,
              count: 0,
            },
          );
        }
      }
      group.count++;
      counted++;
      if (counted === everyEvents) flush(emit);
      return true;
    },
    flush,
  };
}
