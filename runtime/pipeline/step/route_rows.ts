/** Steps that only decide where an event goes, as the native kernel does them: it hands over one number for each event. @module */
import type { Event } from "../../flow/delivery.ts";
import type { Expression } from "../../flow/flow_definition.ts";
import type { Emit, Operator } from "../operator.ts";

/** More conditions within one another are no gain. */
const MOST_CONDITIONS = 64;

/** What a step is given natively; nothing where its conditions are not plain expressions. */
export type NativeRoute = Partial<Pick<Operator, "kernelStep" | "stepRead" | "stepRows">>;

/**
 * Has the kernel tell which condition is the first that holds.
 *
 * @param conditions in order; `undefined` where one is no expression of the event
 * @param route hands an event on, given the number of the condition, or how many there are when none holds
 */
export function nativeRoute(
  conditions: readonly (Expression | undefined)[],
  route: (first: number, event: Event, emit: Emit) => boolean,
): NativeRoute {
  if (conditions.length > MOST_CONDITIONS || conditions.includes(undefined)) return {};
  const first = (conditions as readonly Expression[]).reduceRight<Expression>(
    (rest, condition, number) => ["if", condition, number, rest],
    conditions.length,
  );
  return {
    kernelStep: { reads: [{ path: ["first"], expression: first }], passes: true, keepsRows: false },
    stepRead: (event, { first }, emit) => route(first as number, event, emit),
    stepRows: (rows, from, to, emit) => {
      const { floats, start, columns, numberOf } = rows;
      const cursor = rows.cursor!;
      for (let index = from; index < to; index++) {
        rows.at = index;
        const first = floats[start + columns * index]!;
        if (!route(first, cursor.moveTo(numberOf(index)), emit)) rows.dropped++;
      }
    },
  };
}
