/** Makes a new value of each event. @module */
import type { Event } from "../flow/delivery.ts";
import type { ExpressionInput } from "../flow/flow_definition.ts";
import { compileExpression, parseExpression } from "./expression.ts";
import type { Operator } from "./operator.ts";

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
  const fields = project.map(([name, expression]) => [name, compileExpression(expression)] as const);
  return {
    name: "project",
    step: (event, emit) => {
      const input = event.value;
      const value: Record<string, unknown> = {};
      for (const [name, compute] of fields) {
        const result = compute(input);
        if (result !== undefined) value[name] = result;
      }
      return emit(event.with(value));
    },
    kernelStep: { project },
  };
}
