/** What a count hands on for each of its groups. @module */
import { putOwn } from "./own_field.ts";
import { functionOf, literalKey } from "./shaped_code.ts";

/** What is known of a group. */
export interface CountedGroup {
  /** Its keys, in order. */
  readonly keys: readonly unknown[];
  /** How many events it has. */
  readonly count: number;
}

/** A literal of more fields takes V8 longer than a loop. */
const MOST_NAMES = 100;

/** Makes records of the keys, by their names, and the count, by its own; a key that is not there is `null`. */
export function countMakerOf(
  names: readonly string[],
  as: string,
): (group: CountedGroup) => Readonly<Record<string, unknown>> {
  const fields = names.map((name, index) => `${literalKey(name)}: group.keys[${index}] ?? null`);
  const made = names.length > MOST_NAMES
    ? undefined
    : functionOf(["group"], `return { ${[...fields, `${literalKey(as)}: group.count`].join(", ")} };`);
  if (made !== undefined) return made as (group: CountedGroup) => Readonly<Record<string, unknown>>;
  return ({ keys, count }) => {
    const record: Record<string, unknown> = {};
    for (const [index, name] of names.entries()) putOwn(record, name, keys[index] ?? null);
    putOwn(record, as, count);
    return record;
  };
}
