/** The schema both forms of a flow are checked by. @module */
import { z } from "zod";
import { codecNames } from "../codec/codecs.ts";
import { postprocessorNames } from "../codec/postprocessors.ts";
import { preprocessorNames } from "../codec/preprocessors.ts";
import { supervisionSchema as supervision } from "../manifest/supervision.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { throwErrors } from "../errors/report.ts";
import { explainIssues } from "../manifest/schema_issue.ts";
import { wrongPorts } from "./check_ports.ts";
import { pipelineSchema } from "../pipeline/pipeline_schema.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import { splitPipelines } from "./split_pipelines.ts";

const name = z.string().regex(
  /^[a-z][a-z0-9_-]{0,62}$/,
  "a name: lower-case letters, digits, _ and -, starting with a letter",
);
const type = z.string().min(1).describe("Component, `name` or `plugin:name`");
const config = z.record(z.string(), z.unknown());
const named = (names: readonly string[]) =>
  z.union([z.enum(names), z.strictObject({ name: z.enum(names), config: config.optional() })]);
/** One of the runtime's, or of a plugin: only with the plugin's name, so that a wrong letter is found at once. */
const namedByAnyone = (names: readonly string[]) => {
  const name = z.union([
    z.enum(names),
    z.string().regex(/^[^:]+:[a-z][a-z0-9_]*$/, `${names.join(", ")}, or plugin:name`),
  ]);
  return z.union([name, z.strictObject({ name, config: config.optional() })]);
};
const interceptors = (names: readonly string[]) => z.array(namedByAnyone(names));
const connector = z.strictObject({
  supervision: supervision.optional(),
  type,
  config: config.optional(),
  codec: namedByAnyone(codecNames).optional(),
  preprocessors: interceptors(preprocessorNames).optional(),
  postprocessors: interceptors(postprocessorNames).optional(),
  batchEvents: z.int().min(1).max(65536).optional(),
  batchBytes: z.int().min(1024).max(1 << 30).optional(),
  reconnect: z.union([
    z.literal("none"),
    z.strictObject({
      intervalMs: z.number().min(1),
      growth: z.number().min(1).max(10).optional(),
      maxIntervalMs: z.number().min(1).optional(),
      randomized: z.boolean().optional(),
      maxRetries: z.int().min(0).optional(),
    }),
  ]).optional(),
  breaker: z.strictObject({
    failures: z.int().min(1),
    resetMs: z.int().min(1).max(2 ** 31 - 1).optional(),
  }).optional(),
});

/** A timer set for longer rings at once. */
const wait = z.number().min(1).max(2 ** 31 - 1);
const retry = z.strictObject({
  attempts: z.int().min(1).max(1000).optional(),
  intervalMs: wait.optional(),
  maxIntervalMs: wait.optional(),
});

const buffer = z.strictObject({
  path: z.string().min(1),
  maxBytes: z.int().min(65536).optional(),
  inFlight: z.int().min(1).max(64).optional(),
  codec: named(codecNames).optional(),
  sync: z.enum(["full", "normal"]).optional(),
  retry: retry.optional(),
});

/** The schema of a flow; functions are only possible in TypeScript. */
export const flowSchema: z.ZodType = z.strictObject({
  $schema: z.string().optional(),
  name,
  description: z.string().optional(),
  connectors: z.record(name, connector),
  processors: z.record(
    name,
    z.strictObject({ type, config: config.optional(), supervision: supervision.optional() }),
  ).optional(),
  pipelines: z.record(name, pipelineSchema).optional(),
  state: z.strictObject({ path: z.string().min(1), everyMs: wait.optional() }).optional(),
  links: z.array(z.strictObject({
    from: z.string().min(1),
    to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    buffer: buffer.optional(),
    retry: retry.optional(),
    deadLetter: name.optional(),
  })),
  deadLetter: name.optional(),
});

/** What is wrong with the keys of a flow, and with the form of their values. */
export function shapeProblems(value: unknown, file: string): readonly CaissonError[] {
  const result = flowSchema.safeParse(value);
  if (result.success) return [];
  return explainIssues(result.error, flowSchema, value).map(({ path, found, allowed, action }) =>
    new CaissonError("CAISSON_FLOW_INVALID", {
      subject: path === "" ? file : `${file}: ${path}`,
      found,
      allowed,
      ...(action === undefined ? {} : { action }),
      cause: result.error,
    })
  );
}

/**
 * Checks what keys a flow has, and of what form their values are.
 *
 * @param file where it came from, for the message
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the file and the path in it
 */
export function checkShape(value: unknown, file: string): asserts value is FlowDefinition {
  throwErrors(shapeProblems(value, file));
}

/**
 * Checks a flow and returns it.
 *
 * @param file where it came from, for the message
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` or `CAISSON_FLOW_LINK` naming the file and the path in it
 */
export function parseFlow(value: unknown, file: string): FlowDefinition {
  checkShape(value, file);
  throwErrors(wrongPorts(value, file));
  return splitPipelines(value);
}
