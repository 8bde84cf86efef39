/** Postprocessors by name, with the schemas of their configuration. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { checkConfig } from "../manifest/check_config.ts";
import type { ConfigSchema } from "../manifest/config_schema.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Postprocessor } from "./codec.ts";
import { GzipPostprocessor } from "./gzip_postprocessor.ts";
import type { InterceptorConfig } from "./interceptor_config.ts";
import { SeparatePostprocessor } from "./separate_postprocessor.ts";
import { separatorByte, separatorSchema } from "./separator.ts";

interface Entry {
  readonly schema: ConfigSchema;
  create(config: Record<string, unknown>, subject: string): Postprocessor;
}

const entries: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["separate", {
    schema: { type: "object", properties: { separator: separatorSchema } },
    create: (config, subject) =>
      new SeparatePostprocessor(
        separatorByte(config["separator"] as string, subject),
      ),
  }],
  ["gzip", {
    schema: {
      type: "object",
      properties: {
        level: {
          type: "integer",
          minimum: 0,
          maximum: 9,
          default: 6,
          description: "0 stores, 1 is fastest, 9 is smallest.",
        },
      },
    },
    create: (config) => new GzipPostprocessor(config["level"] as number),
  }],
]);

/** Names of the postprocessors the runtime brings. */
export const postprocessorNames: readonly string[] = [...entries.keys()];

/** JSON Schema of a postprocessor's configuration. */
export function postprocessorSchema(name: string): ConfigSchema | undefined {
  return entries.get(name)?.schema;
}

/**
 * A new postprocessor for one stream.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow.json: connectors.out.postprocessors[0]`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function createPostprocessor(
  named: InterceptorConfig,
  subject = "postprocessor",
): Postprocessor {
  const { name, config = {} } = typeof named === "string" ? { name: named } : named;
  const entry = entries.get(name);
  if (entry === undefined) {
    throw new CaissonError("CAISSON_CONFIG_INVALID", {
      subject,
      found: quote(name),
      allowed: postprocessorNames.join(", "),
    });
  }
  const where = `${subject} ${name}: config`;
  return entry.create(checkConfig(entry.schema, config, where), where);
}
