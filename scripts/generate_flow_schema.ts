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
import { writeGenerated } from "./write_generated.ts";

/** The generated file: functions, which JSON cannot hold, are left out. */
export function generatedFlowSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(flowSchema, {
    target: "draft-2020-12",
    // What a refinement checks, JSON Schema cannot say; such a place takes anything, and says in its description what.
    unrepresentable: "any",
  }) as Record<string, unknown>;
  return `${JSON.stringify({ $schema, title: "Caisson flow", ...rest }, null, 2)}\n`;
}

if (import.meta.main) {
  const file = new URL("../docs/flow.schema.json", import.meta.url);
  Deno.exitCode = await writeGenerated([[file, generatedFlowSchema()]], Deno.args.includes("--check"));
}
