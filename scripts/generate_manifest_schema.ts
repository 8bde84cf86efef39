/**
 * Writes `docs/manifest.schema.json` and `docs/grants.schema.json` from the zod schemas that check these files.
 *
 *     deno run --allow-read --allow-write=docs scripts/generate_manifest_schema.ts [--check]
 *
 * With `--check` nothing is written; the exit code is 1 when a file is not what would be written.
 * @module
 */
import { z } from "zod";
import { grantsSchema } from "../permissions/grants.ts";
import { manifestSchema } from "../runtime/manifest/schema.ts";
import { writeGenerated } from "./write_generated.ts";

type JsonSchema = Record<string, unknown>;

function generate(schema: z.ZodType, title: string, more: JsonSchema = {}): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12" }) as JsonSchema;
  return `${JSON.stringify({ $schema, title, ...rest, ...more }, null, 2)}\n`;
}

/** The generated files by name. */
export function generatedSchemas(): Readonly<Record<string, string>> {
  return {
    "manifest.schema.json": generate(manifestSchema, "Caisson plugin manifest (plugin.json)", {
      // Said by a refinement in zod, which JSON Schema cannot see.
      oneOf: [{ required: ["module"] }, { required: ["native"] }],
    }),
    "grants.schema.json": generate(grantsSchema, "Caisson grants (caisson.grants.json)"),
  };
}

if (import.meta.main) {
  const docs = new URL("../docs/", import.meta.url);
  const contents = Object.entries(generatedSchemas()).map(([name, text]) => [new URL(name, docs), text] as const);
  Deno.exitCode = await writeGenerated(contents, Deno.args.includes("--check"));
}
