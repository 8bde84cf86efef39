import { assertEquals } from "@std/assert";
import { parseExpression } from "../../runtime/pipeline/expression.ts";
import { operatorNames } from "../../runtime/pipeline/expression_operators.ts";
import { generatedFlowSchema } from "../../scripts/generate_flow_schema.ts";

type Schema = Readonly<Record<string, unknown>>;

const { $defs } = JSON.parse(generatedFlowSchema()) as { readonly $defs: Readonly<Record<string, Schema>> };

function typeOf(value: unknown): readonly string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["integer", "number"] : [typeof value];
}

/** One keyword of JSON Schema 2020-12, as far as expressions use them; one it does not know fails the test. */
function keywordHolds(keyword: string, wanted: unknown, value: unknown, schema: Schema): boolean {
  const list = Array.isArray(value) ? value as unknown[] : undefined;
  switch (keyword) {
    case "description":
    case "format":
    case "then":
    case "else":
      return true;
    case "$ref":
      return holds($defs[(wanted as string).slice("#/$defs/".length)]!, value);
    case "type":
      return typeOf(value).some((type) => [wanted].flat().includes(type));
    case "const":
      return value === wanted;
    case "enum":
      return (wanted as unknown[]).includes(value);
    case "pattern":
      return typeof value !== "string" || new RegExp(wanted as string, "u").test(value);
    case "minimum":
      return typeof value !== "number" || value >= (wanted as number);
    case "minItems":
      return list === undefined || list.length >= (wanted as number);
    case "prefixItems":
      return list === undefined ||
        (wanted as Schema[]).every((item, index) => index >= list.length || holds(item, list[index]));
    case "items": {
      const rest = list?.slice((schema["prefixItems"] as unknown[] | undefined)?.length ?? 0) ?? [];
      return wanted === false ? rest.length === 0 : rest.every((item) => holds(wanted as Schema, item));
    }
    case "anyOf":
      return (wanted as Schema[]).some((each) => holds(each, value));
    case "allOf":
      return (wanted as Schema[]).every((each) => holds(each, value));
    case "if": {
      const then = schema[holds(wanted as Schema, value) ? "then" : "else"] as Schema | undefined;
      return then === undefined || holds(then, value);
    }
    default:
      throw new TypeError(keyword);
  }
}

function holds(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, wanted]) => keywordHolds(keyword, wanted, value, schema));
}

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
    const accepted = holds($defs["expression"]!, expression);
    assertEquals(accepted, parses(expression), JSON.stringify(expression));
  }
});

Deno.test("an editor refuses a filter whose operator is misspelt", () => {
  const step = $defs["step"] as { readonly properties: Readonly<Record<string, Schema>> };
  assertEquals(holds(step.properties["filter"]!, ["=", a, 1]), false);
  assertEquals(holds(step.properties["filter"]!, ["==", a, 1]), true);
});
