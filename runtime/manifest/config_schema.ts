/**
 * The part of JSON Schema a component may describe its configuration in.
 *
 * Full JSON Schema has corners that converters read differently. A manifest that uses one is refused when it is read, so
 * that no constraint is ever skipped in silence.
 * @module
 */
import { z } from "zod";
import { messageOf } from "../errors/caisson_error.ts";
import { excerpt, quote } from "./untrusted_text.ts";

/** A JSON Schema as it stands in a manifest. */
export type ConfigSchema = Readonly<Record<string, unknown>>;

/** What is wrong with a schema. */
export interface ConfigSchemaProblem {
  /** Path inside the schema. */
  readonly path: readonly PropertyKey[];
  /** What was found. */
  readonly found: string;
  /** What would have been accepted. */
  readonly allowed: string;
}

/** Schema of a component that takes no configuration. */
export const emptyConfig: ConfigSchema = {
  type: "object",
  properties: {},
  additionalProperties: false,
};

const annotations = [
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "$comment",
];

const constraints: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
  ],
  integer: [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
  ],
  boolean: [],
  null: [],
  array: ["items", "minItems", "maxItems", "uniqueItems"],
  object: [
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
  ],
};

const numeric = new Set([
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
]);

const formats = [
  "date",
  "date-time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uri",
  "uuid",
];

/** Thrown inside this file only. */
class Refused {
  readonly problem: ConfigSchemaProblem;

  constructor(problem: ConfigSchemaProblem) {
    this.problem = problem;
  }
}

type Path = readonly PropertyKey[];

function refuse(path: Path, value: unknown, allowed: string): never {
  throw new Refused({ path, found: excerpt(value), allowed });
}

function isObject(value: unknown): value is ConfigSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPrimitive(value: unknown): boolean {
  return value === null || typeof value !== "object";
}

function allowOnly(
  schema: ConfigSchema,
  allowed: readonly string[],
  path: Path,
): void {
  for (const key of Object.keys(schema)) {
    if (allowed.includes(key) || annotations.includes(key)) continue;
    if (path.length === 0 && (key === "$schema" || key === "$id")) continue;
    throw new Refused({
      path: [...path, key],
      found: `the keyword ${quote(key)}`,
      allowed: allowed.join(", "),
    });
  }
}

function checkNode(schema: unknown, path: Path): void {
  if (!isObject(schema)) refuse(path, schema, "a JSON Schema object");
  if ("enum" in schema || "const" in schema) checkValues(schema, path);
  else if ("anyOf" in schema || "oneOf" in schema) checkBranches(schema, path);
  else if ("type" in schema) checkType(schema, path);
  else allowOnly(schema, ["type", "enum", "const", "anyOf", "oneOf"], path);
  if ("default" in schema) checkDefault(schema, path);
}

function checkValues(schema: ConfigSchema, path: Path): void {
  allowOnly(schema, ["type", "enum", "const"], path);
  const values = "enum" in schema ? schema["enum"] : [schema["const"]];
  if (
    !Array.isArray(values) || values.length === 0 || !values.every(isPrimitive)
  ) {
    refuse(
      [...path, "enum" in schema ? "enum" : "const"],
      values,
      "texts, numbers, true, false or null",
    );
  }
}

function checkBranches(schema: ConfigSchema, path: Path): void {
  const key = "anyOf" in schema ? "anyOf" : "oneOf";
  allowOnly(schema, [key], path);
  const branches = schema[key];
  if (!Array.isArray(branches) || branches.length === 0) {
    refuse([...path, key], branches, "a list of schemas");
  }
  branches.forEach((branch, index) => checkNode(branch, [...path, key, index]));
}

function checkType(schema: ConfigSchema, path: Path): void {
  const type = schema["type"];
  if (Array.isArray(type)) {
    allowOnly(schema, ["type"], path);
    for (const each of type) knownType(each, [...path, "type"]);
    return;
  }
  const known = knownType(type, [...path, "type"]);
  allowOnly(schema, ["type", ...constraints[known]!], path);
  for (const [key, value] of Object.entries(schema)) {
    if (numeric.has(key) && typeof value !== "number") {
      refuse([...path, key], value, "a number");
    }
  }
  if (known === "string") checkString(schema, path);
  if (known === "array") checkArray(schema, path);
  if (known === "object") checkObject(schema, path);
}

function knownType(type: unknown, path: Path): string {
  if (typeof type === "string" && Object.hasOwn(constraints, type)) return type;
  return refuse(path, type, Object.keys(constraints).join(", "));
}

function checkString(schema: ConfigSchema, path: Path): void {
  const { pattern, format } = schema;
  if (pattern !== undefined) {
    if (typeof pattern !== "string") {
      refuse([...path, "pattern"], pattern, "a regular expression");
    }
    try {
      new RegExp(pattern);
    } catch (error) {
      refuse([...path, "pattern"], messageOf(error), "a regular expression");
    }
  }
  if (format !== undefined && !formats.includes(format as string)) {
    refuse([...path, "format"], format, formats.join(", "));
  }
}

function checkArray(schema: ConfigSchema, path: Path): void {
  const { items, uniqueItems } = schema;
  if (items !== undefined) checkNode(items, [...path, "items"]);
  else {
    // The converter drops limits of a list that does not say what is in it.
    for (const key of constraints["array"]!) {
      if (key in schema) refuse([...path, key], schema[key], "items beside it; items: {} for anything");
    }
  }
  if (uniqueItems !== undefined && typeof uniqueItems !== "boolean") {
    refuse([...path, "uniqueItems"], uniqueItems, "true or false");
  }
}

function checkObject(schema: ConfigSchema, path: Path): void {
  const { properties = {}, required = [], additionalProperties } = schema;
  if (!isObject(properties)) {
    refuse([...path, "properties"], properties, "an object of schemas");
  }
  for (const [name, property] of Object.entries(properties)) {
    // A missing value would be read as the inherited one.
    if (name in Object.prototype) {
      refuse(
        [...path, "properties", name],
        name,
        "a name that no JavaScript object inherits",
      );
    }
    checkNode(property, [...path, "properties", name]);
  }
  if (!Array.isArray(required)) {
    refuse([...path, "required"], required, "a list of names");
  }
  for (const name of required) {
    if (typeof name !== "string" || !Object.hasOwn(properties, name)) {
      refuse(
        [...path, "required"],
        name,
        `names of properties: ${Object.keys(properties).join(", ")}`,
      );
    }
  }
  if (
    additionalProperties !== undefined &&
    typeof additionalProperties !== "boolean"
  ) checkNode(additionalProperties, [...path, "additionalProperties"]);
}

function checkDefault(schema: ConfigSchema, path: Path): void {
  const result = convert(close(schema)).safeParse(schema["default"]);
  if (!result.success) {
    refuse(
      [...path, "default"],
      schema["default"],
      "a value that the schema itself accepts",
    );
  }
}

function convert(schema: ConfigSchema): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
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

/** Finds what a component's configuration schema may not contain. */
export function configSchemaProblem(
  schema: ConfigSchema,
): ConfigSchemaProblem | undefined {
  try {
    if (schema["type"] !== "object") {
      refuse(["type"], schema["type"], '"object"');
    }
    checkNode(schema, []);
    convert(close(schema));
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.problem;
    return {
      path: [],
      found: messageOf(thrown),
      allowed: "a JSON Schema that can be converted",
    };
  }
}

const compiled = new WeakMap<ConfigSchema, z.ZodType>();

/** The checker for a schema that {@linkcode configSchemaProblem} found nothing in. */
export function compileConfigSchema(schema: ConfigSchema): z.ZodType {
  let checker = compiled.get(schema);
  if (checker === undefined) {
    checker = convert(close(schema));
    compiled.set(schema, checker);
  }
  return checker;
}
