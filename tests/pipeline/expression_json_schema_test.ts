import { assertEquals } from "@std/assert";
import { parseExpression } from "../../runtime/pipeline/expression.ts";
import { operatorNames } from "../../runtime/pipeline/expression_operators.ts";
import { generatedFlowSchema } from "../../scripts/generate_flow_schema.ts";
import { JsonSchema, type Schema } from "./json_schema.ts";

const root = JSON.parse(generatedFlowSchema()) as Schema;
const schema = new JsonSchema(root);

function parses(value: unknown): boolean {
  try {
    parseExpression(value, "expression");
    return true;
  } catch {
    return false;
  }
}

const a = ["field", "a"];
const EXPRESSIONS: readonly unknown[] = [
  ...[1, "x", true, null, {}, [], [[]], [1], ["=="], ["nothing", 1]],
  ...[["field", "a.b"], ["field", "a..b"], ["field", ["a", 0]], ["field", ["a", -1]], ["field", []], ["field", 1], [
    "field",
  ]],
  ...[["==", a, 1], ["==", a], ["==", a, 1, 2], ["==", a, {}], ["==", a, ["literal", [1, [2]]]], ["==", a, [1, 2]]],
  ...[["and", a], ["and"], ["and", a, a, a, a], ["and", ["or", a, ["not", a]], ["not"]], ["not", a, a]],
  ...[["matches", a, "x+"], ["matches", a], ["matches", a, 1], ["matches", a, "x", "i"], ["matches", a, "x", "g"]],
  ...[["literal", { x: 1 }], ["literal", "x"], ["literal"], ["concat", a, "-", ["upper", a]], ["concat", ["uper", a]]],
  ...[["in", a, ["literal", ["x"]]], ["in", a, ["x"]], ["count"], ["group", 0], ["state"], ["window", "start"]],
];

Deno.test("an editor refuses the expressions that a flow refuses, and no others", () => {
  const calls = operatorNames.flatMap((name) =>
    [0, 1, 2, 3, 4, 5].map((count) => [name, ...Array.from({ length: count }, () => "x")])
  );
  for (const expression of [...EXPRESSIONS, ...calls]) {
    const accepted = schema.fits("expression", expression);
    assertEquals(accepted, parses(expression), JSON.stringify(expression));
  }
});

Deno.test("an editor refuses a filter whose operator is misspelt", () => {
  assertEquals(schema.fits("step", { filter: ["=", a, 1] }), false);
  assertEquals(schema.fits("step", { filter: ["==", a, 1] }), true);
});
