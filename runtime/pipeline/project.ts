/** Makes a new value of each event. @module */
import type { Event } from "../flow/delivery.ts";
import type { ExpressionInput } from "../flow/flow_definition.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Operator } from "./operator.ts";
import { recordMakerOf } from "./shaped_code.ts";

/**
 * Compiles a projection: fields from expressions, or a function. A field whose expression gives `undefined` is left
 * out; a function that returns `undefined` drops the event.
 */
export function compileProject(
  target: Readonly<Record<string, ExpressionInput>> | ((event: Event) => unknown),
  path: string,
): Operator {
  if (typeof target === "function") {
    return {
      name: "project",
      step: (event, emit) => {
        const value = target(event);
        return value !== undefined && emit(event.with(value));
      },
    };
  }
  const project = Object.entries(target).map(([name, expression]) =>
    [name, parseExpression(expression, `${path}.${name}`)] as const
  );
  const make = recordMakerOf(project.map(([name, expression]) => [name, compileExpression(expression)] as const));
  return {
    name: "project",
    step: (event, emit) => emit(event.with(make(event.value))),
    cursor: "replaces",
    kernelStep: { project },
  };
}
