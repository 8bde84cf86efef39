/** Keeps the events a predicate holds for. @module */
import type { Event } from "../flow/delivery.ts";
import type { ExpressionInput } from "../flow/flow_definition.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Operator } from "./operator.ts";

/** Compiles a filter; an event for which the predicate is not `true` is dropped, which counts as delivered. */
export function compileFilter(
  predicate: ExpressionInput | ((event: Event) => boolean),
  path: string,
): Operator {
  // A function gets the event and not its value, so that a predicate on timestamp or length decodes nothing.
  const holds = typeof predicate === "function"
    ? predicate
    : onValue(compileExpression(parseExpression(predicate, path)));
  return {
    name: "filter",
    step: (event, emit) => holds(event) === true && emit(event),
  };
}

function onValue(
  expression: (value: unknown) => unknown,
): (event: Event) => unknown {
  return (event) => expression(event.value);
}
