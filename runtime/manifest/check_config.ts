/** Checks a component's configuration against the schema in its manifest. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { compileConfigSchema, type ConfigSchema, emptyConfig } from "./config_checker.ts";
import { configSchemaProblem } from "./config_schema.ts";
import { explainIssue, pathText } from "./schema_issue.ts";

/**
 * Checks a configuration and fills in the schema's defaults.
 *
 * An object with `properties` and no `additionalProperties` refuses other keys, so that a misspelt option is noticed.
 *
 * @param schema JSON Schema of the component; without one, no option is allowed
 * @param value what the flow says; nothing is taken as an empty object
 * @param subject where the configuration stands, such as `flow.json: connectors.in.config`
 * @returns a copy with defaults
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID` naming the path, what was found and what is allowed
 *
 * @example Defaults
 * ```ts
 * import { checkConfig } from "./check_config.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const schema = { type: "object", properties: { rate: { type: "integer", default: 10 } } };
 * assertEquals(checkConfig(schema, {}, "flow.json: connectors.in.config"), { rate: 10 });
 * ```
 */
export function checkConfig(
  schema: ConfigSchema | undefined,
  value: unknown,
  subject: string,
): Record<string, unknown> {
  const used = schema ?? emptyConfig;
  const broken = configSchemaProblem(used);
  if (broken !== undefined) {
    throw new CaissonError("CAISSON_MANIFEST_INVALID", {
      subject: `${subject}: the component's schema: ${pathText(broken.path)}`,
      found: broken.found,
      allowed: broken.allowed,
    });
  }
  const checker = compileConfigSchema(used);
  const given = value ?? {};
  const result = checker.safeParse(given);
  if (result.success) return result.data as Record<string, unknown>;
  const issue = explainIssue(result.error, checker, given);
  const separator = issue.path === "" || issue.path.startsWith("[") ? "" : ".";
  throw new CaissonError("CAISSON_CONFIG_INVALID", {
    subject: `${subject}${separator}${issue.path}`,
    found: issue.found,
    allowed: issue.allowed === "" ? "no options" : issue.allowed,
    ...(issue.action === undefined ? {} : { action: issue.action }),
    cause: result.error,
  });
}
