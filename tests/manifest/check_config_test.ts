import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { checkConfig } from "../../runtime/manifest/check_config.ts";
import type { ConfigSchema } from "../../runtime/manifest/config_checker.ts";
import { configSchemaProblem } from "../../runtime/manifest/config_schema.ts";

const subject = "flow.json: connectors.in.config";

const schema: ConfigSchema = {
  type: "object",
  required: ["url"],
  properties: {
    url: { type: "string", format: "uri" },
    intervalMs: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
    mode: { enum: ["fast", "safe"], default: "safe" },
    tags: { type: "array", items: { type: "string", minLength: 1 }, maxItems: 2, uniqueItems: true },
    headers: { type: "object", additionalProperties: { type: "string" } },
    limit: { anyOf: [{ type: "integer", minimum: 0 }, { const: "none" }] },
    retry: { type: "object", properties: { times: { type: "integer", default: 3 } }, required: [] },
  },
};
const url = "http://localhost/";

Deno.test("fills in defaults, at every depth that is there", () => {
  assertEquals(checkConfig(schema, { url, retry: {} }, subject), {
    url,
    intervalMs: 100,
    mode: "safe",
    retry: { times: 3 },
  });
});

Deno.test("leaves the given object as it was", () => {
  const given = { url };
  checkConfig(schema, given, subject);
  assertEquals(given, { url });
});

for (
  const [what, value, path, found, allowed, action] of [
    ["a missing option", {}, ".url", "nothing", "a text", ""],
    ["a misspelt option", { url, intervallMs: 1 }, ".intervallMs", "intervallMs", "intervalMs", "Did you mean"],
    ["a wrong type", { url, intervalMs: "1" }, ".intervalMs", '"1"', "number", ""],
    ["a fraction", { url, intervalMs: 1.5 }, ".intervalMs", "1.5", "", ""],
    ["a number below the least", { url, intervalMs: 0 }, ".intervalMs", "0", "at least 1", ""],
    ["a number above the most", { url, intervalMs: 1001 }, ".intervalMs", "1001", "at most 1000", ""],
    ["a value that is not listed", { url, mode: "slow" }, ".mode", "slow", '"fast", "safe"', ""],
    ["a text of the wrong format", { url: "x" }, ".url", '"x"', "URL", ""],
    ["an entry of the wrong type", { url, tags: ["a", 1] }, ".tags[1]", "1", "a text", ""],
    ["too many entries", { url, tags: ["a", "b", "c"] }, ".tags", "", "at most 2 entries", ""],
    ["an entry twice", { url, tags: ["a", "a"] }, ".tags[1]", '"a"', "unique", ""],
    ["a wrong value under a free key", { url, headers: { "x-a": 1 } }, ".headers.x-a", "1", "a text", ""],
    ["a value no branch takes", { url, limit: "some" }, ".limit", '"some"', "none", ""],
    ["an unknown option inside", { url, retry: { time: 1 } }, ".retry.time", "time", "times", "Did you mean"],
    ["a text instead of an object", "x", "", '"x"', "an object", ""],
  ] as const
) {
  Deno.test(`refuses a configuration with ${what}`, () => {
    const error = assertThrows(() => checkConfig(schema, value, subject), CaissonError);
    assertEquals([error.code, error.subject, error.exitCode], ["CAISSON_CONFIG_INVALID", subject + path, 2]);
    assertStringIncludes(error.found, found);
    assertStringIncludes(error.allowed, allowed);
    assertStringIncludes(error.action, action);
  });
}

Deno.test("takes no option without a schema", () => {
  assertEquals(checkConfig(undefined, undefined, subject), {});
  const error = assertThrows(() => checkConfig(undefined, { a: 1 }, subject), CaissonError);
  assertEquals([error.code, error.allowed], ["CAISSON_CONFIG_INVALID", "no options"]);
});

Deno.test("takes other options where the schema says so", () => {
  const open = { ...schema, additionalProperties: true };
  assertEquals(checkConfig(open, { url, more: 1 }, subject)["more"], 1);
  assertEquals(checkConfig({ type: "object" }, { more: 1 }, subject), { more: 1 });
});

for (
  const [what, broken, path] of [
    ["another type at the top", { type: "string" }, ["type"]],
    ["a reference", { type: "object", properties: { a: { $ref: "#" } } }, ["properties", "a", "$ref"]],
    ["a condition", { type: "object", if: {} }, ["if"]],
    ["allOf", { type: "object", properties: { a: { allOf: [] } } }, ["properties", "a", "allOf"]],
    ["a constraint of another type", { type: "object", minLength: 1 }, ["minLength"]],
    ["a constraint without a type", { type: "object", properties: { a: { minimum: 1 } } }, [
      "properties",
      "a",
      "minimum",
    ]],
    ["a constraint beside branches", { type: "object", properties: { a: { anyOf: [{ type: "null" }], minimum: 1 } } }, [
      "properties",
      "a",
      "minimum",
    ]],
    ["a misspelt type", { type: "object", properties: { a: { type: "strin" } } }, ["properties", "a", "type"]],
    ["a required name that is no property", { type: "object", properties: {}, required: ["a"] }, ["required"]],
    ["a property every object inherits", { type: "object", properties: { constructor: { type: "string" } } }, [
      "properties",
      "constructor",
    ]],
    ["a broken pattern", { type: "object", properties: { a: { type: "string", pattern: "(" } } }, [
      "properties",
      "a",
      "pattern",
    ]],
    ["a format nobody checks", { type: "object", properties: { a: { type: "string", format: "zip" } } }, [
      "properties",
      "a",
      "format",
    ]],
    ["a default that the schema refuses", { type: "object", properties: { a: { type: "string", default: 1 } } }, [
      "properties",
      "a",
      "default",
    ]],
    ["a limit that is no number", { type: "object", properties: { a: { type: "integer", minimum: "1" } } }, [
      "properties",
      "a",
      "minimum",
    ]],
    ["limits of a list of nobody knows what", { type: "object", properties: { a: { type: "array", minItems: 1 } } }, [
      "properties",
      "a",
      "minItems",
    ]],
    ["an empty list of values", { type: "object", properties: { a: { enum: [] } } }, ["properties", "a", "enum"]],
    ["objects as values", { type: "object", properties: { a: { const: {} } } }, ["properties", "a", "const"]],
  ] as [string, ConfigSchema, PropertyKey[]][]
) {
  Deno.test(`refuses a configuration schema with ${what}`, () => {
    assertEquals(configSchemaProblem(broken)?.path, path);
    const error = assertThrows(() => checkConfig(broken, {}, subject), CaissonError);
    assertEquals(error.code, "CAISSON_MANIFEST_INVALID");
  });
}

// Each keyword that is let through has to refuse something: a converter that ignored one would go unnoticed.
for (
  const [keyword, part, good, bad] of [
    ["minLength", { type: "string", minLength: 2 }, "ab", "a"],
    ["maxLength", { type: "string", maxLength: 2 }, "ab", "abc"],
    ["pattern", { type: "string", pattern: "^a+$" }, "aa", "ab"],
    ["format date", { type: "string", format: "date" }, "2026-11-22", "x"],
    ["format date-time", { type: "string", format: "date-time" }, "2026-11-22T00:00:00Z", "x"],
    ["format duration", { type: "string", format: "duration" }, "PT1S", "x"],
    ["format email", { type: "string", format: "email" }, "a@b.co", "x"],
    ["format hostname", { type: "string", format: "hostname" }, "a.b", "a b"],
    ["format ipv4", { type: "string", format: "ipv4" }, "1.2.3.4", "x"],
    ["format ipv6", { type: "string", format: "ipv6" }, "::1", "x"],
    ["format uri", { type: "string", format: "uri" }, "http://a/", "x"],
    ["format uuid", { type: "string", format: "uuid" }, "5d9fd1c2-4a7c-4d3e-9d2e-1c2d3e4f5a6b", "x"],
    ["minimum", { type: "number", minimum: 1 }, 1, 0.9],
    ["maximum", { type: "number", maximum: 1 }, 1, 1.1],
    ["exclusiveMinimum", { type: "number", exclusiveMinimum: 1 }, 1.1, 1],
    ["exclusiveMaximum", { type: "integer", exclusiveMaximum: 1 }, 0, 1],
    ["multipleOf", { type: "integer", multipleOf: 2 }, 4, 3],
    ["items", { type: "array", items: { type: "null" } }, [null], [1]],
    ["minItems", { type: "array", items: {}, minItems: 1 }, [1], []],
    ["maxItems", { type: "array", items: {}, maxItems: 1 }, [1], [1, 2]],
    ["uniqueItems", { type: "array", items: {}, uniqueItems: true }, [1, 2], [1, 1]],
    ["additionalProperties", { type: "object", additionalProperties: { type: "null" } }, { a: null }, { a: 1 }],
    ["no additionalProperties", { type: "object", additionalProperties: false }, {}, { a: 1 }],
    ["required", { type: "object", properties: { a: { type: "null" } }, required: ["a"] }, { a: null }, {}],
    ["minProperties", { type: "object", minProperties: 1 }, { a: 1 }, {}],
    ["maxProperties", { type: "object", maxProperties: 1 }, { a: 1 }, { a: 1, b: 1 }],
    ["a list of types", { type: ["string", "null"] }, null, 1],
    ["const", { const: 1 }, 1, 2],
    ["enum", { enum: ["a", 1, null] }, null, 2],
    ["anyOf", { anyOf: [{ type: "string" }, { type: "null" }] }, null, 1],
    ["oneOf", { oneOf: [{ type: "string" }, { type: "string", minLength: 2 }] }, "a", "ab"],
    ["boolean", { type: "boolean" }, false, "false"],
  ] as [string, ConfigSchema, unknown, unknown][]
) {
  Deno.test(`enforces ${keyword} in a configuration schema`, () => {
    const whole = { type: "object", properties: { a: part } };
    assertEquals(configSchemaProblem(whole), undefined);
    assertEquals(checkConfig(whole, { a: good }, subject), { a: good });
    assertThrows(() => checkConfig(whole, { a: bad }, subject), CaissonError);
  });
}
