/**
 * The part of JSON Schema a component may describe its configuration in.
 *
 * Full JSON Schema has corners that converters read differently. A manifest that uses one is refused when it is read, so
 * that no constraint is ever skipped in silence.
 * @module
 */
import { messageOf } from "../errors/caisson_error.ts";
import { type ConfigSchema, isObject, toChecker } from "./config_checker.ts";
import { excerpt, quote } from "./untrusted_text.ts";

export type { ConfigSchema } from "./config_checker.ts";

/** What is wrong with a schema. */
export interface ConfigSchemaProblem {
  /** Path inside the schema. */
  readonly path: readonly PropertyKey[];
  /** What was found. */
  readonly found: string;
  /** What would have been accepted. */
  readonly allowed: string;
}

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
  const result = toChecker(schema).safeParse(schema["default"]);
  if (!result.success) {
    refuse(
      [...path, "default"],
      schema["default"],
      "a value that the schema itself accepts",
    );
  }
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
    toChecker(schema);
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
