/** JSON Schema of expressions, for editors: which operators there are, how many operands each takes, and which are plain. @module */
import { operatorNames, operatorOf } from "../runtime/pipeline/expression_operators.ts";

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where {@linkcode expressionDefinitions} are, for what refers to an expression. */
export const EXPRESSION_REFERENCE = "#/$defs/expression";

const scalar: JsonSchema = { type: ["string", "number", "boolean", "null"] };
const plain: JsonSchema = { anyOf: [scalar, { type: "array", items: { $ref: "#/$defs/plain" } }] };

/** What plain operands have to be, by operator. */
const plainOperands: Readonly<Record<string, readonly JsonSchema[]>> = {
  field: [{
    anyOf: [
      { type: "string", pattern: "^[^.]+(\\.[^.]+)*$" },
      { type: "array", items: { anyOf: [{ type: "string" }, { type: "integer", minimum: 0 }] } },
    ],
  }],
  matches: [{ type: "string", format: "regex" }, { type: "string", pattern: "^[imsuv]*$" }],
};

/** An operator's operands, by their number and place. */
function callOf(name: string): JsonSchema {
  const { form, least, most, plainFrom = Infinity } = operatorOf(name)!;
  if (most === Infinity) {
    const items = { $ref: EXPRESSION_REFERENCE };
    return { description: form, prefixItems: [{ const: name }], items, minItems: least + 1 };
  }
  const operands: JsonSchema[] = [];
  for (let index = 0; index < most; index++) {
    operands.push(
      index < plainFrom
        ? { $ref: EXPRESSION_REFERENCE }
        : plainOperands[name]?.[index - plainFrom] ?? { $ref: "#/$defs/plain" },
    );
  }
  return { description: form, prefixItems: [{ const: name }, ...operands], items: false, minItems: least + 1 };
}

/** The definitions that {@linkcode EXPRESSION_REFERENCE} leads to. */
export function expressionDefinitions(): Readonly<Record<string, JsonSchema>> {
  return {
    plain,
    expression: {
      description:
        'A plain value, or a list of an operator and its operands, such as ["==", ["field", "level"], "error"].',
      // Not one of all operators: an editor would tell a slip in one operator by the errors of all.
      if: { type: "array" },
      then: {
        minItems: 1,
        prefixItems: [{ enum: [...operatorNames] }],
        allOf: operatorNames.map((name) => ({
          if: { minItems: 1, prefixItems: [{ const: name }] },
          then: callOf(name),
        })),
      },
      else: scalar,
    },
  };
}
