/** What a component's configuration is described in, and the checker made of it. @module */
import { z } from "zod";

/** A JSON Schema as it stands in a manifest. */
export type ConfigSchema = Readonly<Record<string, unknown>>;

/** Schema of a component that takes no configuration. */
export const emptyConfig: ConfigSchema = {
  type: "object",
  properties: {},
  additionalProperties: false,
};

/** Whether a value is a plain JSON object. */
export function isObject(value: unknown): value is ConfigSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Makes the checker of a schema that has been looked through already. */
export function toChecker(schema: ConfigSchema): z.ZodType {
  return z.fromJSONSchema(close(schema) as Parameters<typeof z.fromJSONSchema>[0]);
}

/** A misspelt option is refused, at every depth, unless the author says that unknown ones are fine. */
function close(schema: ConfigSchema): ConfigSchema {
  const closed: Record<string, unknown> = { ...schema };
  const { properties, items, additionalProperties } = schema;
  if (isObject(properties)) {
    closed["properties"] = Object.fromEntries(
      Object.entries(properties).map(([name, each]) => [name, closeNode(each)]),
    );
    if (additionalProperties === undefined) closed["additionalProperties"] = false;
  }
  if (items !== undefined) closed["items"] = closeNode(items);
  if (additionalProperties !== undefined) closed["additionalProperties"] = closeNode(additionalProperties);
  for (const key of ["anyOf", "oneOf"]) {
    const branches = schema[key];
    if (Array.isArray(branches)) closed[key] = branches.map(closeNode);
  }
  return closed;
}

function closeNode(node: unknown): unknown {
  return isObject(node) ? close(node) : node;
}

const compiled = new WeakMap<ConfigSchema, z.ZodType>();

/** The checker for a schema that the rules found nothing in; made once for each schema. */
export function compileConfigSchema(schema: ConfigSchema): z.ZodType {
  let checker = compiled.get(schema);
  if (checker === undefined) {
    checker = toChecker(schema);
    compiled.set(schema, checker);
  }
  return checker;
}
