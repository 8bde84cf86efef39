/** Keeps the events a predicate holds for. @module */
import type { Event } from "../flow/delivery.ts";
import type { ExpressionInput } from "../flow/flow_definition.ts";
import { checkCondition } from "./expected_value.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Operator } from "./operator.ts";

/** Compiles a filter; an event for which the predicate is not `true` is dropped, which counts as delivered. */
export function compileFilter(
  predicate: ExpressionInput | ((event: Event) => boolean),
  path: string,
): Operator {
  // A function gets the event and not its value, so that a predicate on timestamp or length decodes nothing.
  if (typeof predicate === "function") {
    return { name: "filter", step: (event, emit) => predicate(event) === true && emit(event) };
  }
  const filter = parseExpression(predicate, path);
  checkCondition(filter, path);
  const holds = compileExpression(filter);
  return {
    name: "filter",
    step: (event, emit) => holds(event.value) === true && emit(event),
    cursor: "passes",
    kernelStep: { filter },
  };
}
