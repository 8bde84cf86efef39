/**
 * Writes `docs/flow.schema.json`, for editors, from the zod schema that checks flows.
 *
 *     deno run --allow-read --allow-write=docs scripts/generate_flow_schema.ts [--check]
 *
 * With `--check` nothing is written; the exit code is 1 when the file is not what would be written.
 * @module
 */
import { z } from "zod";
import { flowSchema } from "../runtime/flow/flow_schema.ts";
import { EXPRESSION_REFERENCE, expressionDefinitions } from "./expression_json_schema.ts";
import { writeGenerated } from "./write_generated.ts";

/** Writes what zod cannot say of a place: that it holds an expression, or a function, which JSON has not. */
function sayWhatItHolds(place: Record<string, unknown>): void {
  const { holds } = place;
  if (holds === undefined) return;
  delete place["holds"];
  if (holds === "expression") place["$ref"] = EXPRESSION_REFERENCE;
  else place["not"] = {};
}

/** The generated file. */
export function generatedFlowSchema(): string {
  const { $schema, $defs, ...rest } = z.toJSONSchema(flowSchema, {
    target: "draft-2020-12",
    // What a refinement checks, JSON Schema cannot say; such a place takes anything, and says in its description what.
    unrepresentable: "any",
    override: ({ jsonSchema }) => sayWhatItHolds(jsonSchema as Record<string, unknown>),
  }) as Record<string, unknown>;
  const definitions = { ...$defs as Record<string, unknown>, ...expressionDefinitions() };
  return `${JSON.stringify({ $schema, title: "Caisson flow", ...rest, $defs: definitions }, null, 2)}\n`;
}

if (import.meta.main) {
  const file = new URL("../docs/flow.schema.json", import.meta.url);
  Deno.exitCode = await writeGenerated([[file, generatedFlowSchema()]], Deno.args.includes("--check"));
}
