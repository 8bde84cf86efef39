/** The schema both forms of a flow are checked by. @module */
import { z } from "zod";
import { CaissonError } from "../errors/caisson_error.ts";
import { expressionOrFunctionSchema, expressionSchema } from "../pipeline/expression.ts";
import type { FlowDefinition } from "./flow_definition.ts";

const name = z.string().regex(
  /^[a-z][a-z0-9_-]{0,62}$/,
  "a name: lower-case letters, digits, _ and -, starting with a letter",
);
const type = z.string().min(1).describe("Component, `name` or `plugin:name`");
const config = z.record(z.string(), z.unknown());
const named = z.union([
  z.string().min(1),
  z.strictObject({ name: z.string().min(1), config: config.optional() }),
]);
const callback = z.custom<(...values: never[]) => unknown>(
  (value) => typeof value === "function",
  "a function",
);

const connector = z.strictObject({
  type,
  config: config.optional(),
  codec: z.string().optional(),
  preprocessors: z.array(named).optional(),
  postprocessors: z.array(named).optional(),
  batchEvents: z.int().min(1).max(65536).optional(),
  batchBytes: z.int().min(1024).max(1 << 30).optional(),
  reconnect: z.strictObject({
    intervalMs: z.number().min(1),
    growth: z.number().min(1).max(10).optional(),
    maxRetries: z.int().min(0).optional(),
  }).optional(),
});

const operators: Record<string, z.ZodType> = {
  filter: expressionOrFunctionSchema,
  project: z.union([callback, z.record(z.string(), expressionSchema)]),
  extract: z.strictObject({
    pattern: z.string().min(1),
    flags: z.string().regex(/^[dimsuvy]*$/).optional(),
    from: expressionSchema.optional(),
    numbers: z.array(z.string()).optional(),
  }),
  count: z.strictObject({
    by: z.record(z.string(), expressionSchema),
    as: z.string().min(1).optional(),
    maxGroups: z.int().min(1).max(10_000_000).optional(),
    everyEvents: z.int().min(1).optional(),
  }),
};

// Not a union: a union would answer a typing slip in one operator with the errors of all of them.
const operator = z.record(z.string(), z.unknown()).superRefine(
  (value, context) => {
    const keys = Object.keys(value);
    const key = keys[0];
    if (
      keys.length !== 1 || key === undefined || !Object.hasOwn(operators, key)
    ) {
      context.addIssue({
        code: "custom",
        message: `one operator of ${Object.keys(operators).join(", ")}`,
        input: keys,
      });
      return;
    }
    const result = operators[key]!.safeParse(value[key]);
    for (const issue of result.error?.issues ?? []) {
      context.addIssue({
        ...issue,
        path: [key, ...issue.path],
        code: "custom",
        message: issue.message,
      });
    }
  },
);

const steps = z.array(operator).min(0);

/** The schema of a flow; functions are only possible in TypeScript. */
export const flowSchema: z.ZodType = z.strictObject({
  $schema: z.string().optional(),
  name,
  description: z.string().optional(),
  connectors: z.record(name, connector),
  processors: z.record(
    name,
    z.strictObject({ type, config: config.optional() }),
  ).optional(),
  pipelines: z.record(
    name,
    z.union([steps, z.strictObject({ operators: steps })]),
  ).optional(),
  links: z.array(z.strictObject({
    from: z.string().min(1),
    to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  })),
});

/** Writes a path as people read it: `links[0].to`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    text += typeof part === "number" ? `[${part}]` : text === "" ? String(part) : `.${String(part)}`;
  }
  return text === "" ? "(the flow itself)" : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

function excerpt(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "function" ? "a function" : JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The deepest issue says most: a union reports all of its branches. */
function deepest(
  issue: z.core.$ZodIssue,
  base: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; message: string } {
  const path = [...base, ...issue.path];
  if (issue.code !== "invalid_union") return { path, message: issue.message };
  let best: ReturnType<typeof deepest> = { path, message: issue.message };
  for (const branch of issue.errors) {
    for (const inner of branch) {
      const found = deepest(inner, path);
      if (found.path.length > best.path.length) best = found;
    }
  }
  return best;
}

/**
 * Checks a flow and returns it.
 *
 * @param file where it came from, for the message
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the file and the path in it
 */
export function parseFlow(value: unknown, file: string): FlowDefinition {
  const result = flowSchema.safeParse(value);
  if (result.success) return value as FlowDefinition;
  const issue = result.error.issues[0]!;
  const { path, message } = deepest(issue);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
  throw new CaissonError("CAISSON_FLOW_INVALID", {
    subject: `${file}: ${pathText([...path, ...unknown.slice(0, 1)])}`,
    found: unknown.length > 0 ? `unknown key ${JSON.stringify(unknown[0])}` : excerpt(valueAt(value, path)),
    allowed: unknown.length > 0 ? "the keys of the flow schema" : message,
    cause: result.error,
  });
}
