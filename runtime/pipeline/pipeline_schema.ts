/** The schema of pipelines: what their shape has to be. What expressions mean is checked when they are compiled. @module */
import { z } from "zod";
import { supervisionSchema } from "../manifest/supervision.ts";
import { expressionOrFunctionSchema, expressionSchema } from "./expression.ts";

const functionOr = (others: string) =>
  z.custom<(...values: never[]) => unknown>((value) => typeof value === "function", `${others}a function`).meta({
    holds: "function",
  });
const callback = functionOr("");
const expression = expressionSchema.meta({
  description: 'Expression: a plain value, or ["operator", operand, …]',
  holds: "expression",
});
/** An expression of which editors are told what JSON it may be; what it may give is checked when it is compiled. */
const expressionOf = (description: string, ...types: readonly string[]) =>
  expressionSchema.meta({ description, holds: "expression", type: types });
const condition = expressionOf('Condition, such as ["==", ["field", "level"], "error"]', "array", "boolean");
const key = expressionOf('What tells events apart, such as ["field", "host"]', "array", "number", "boolean", "null");
const items = expressionOf('List, such as ["field", "items"]', "array");
const present = (value: unknown): boolean => value !== undefined;
/** An expression that may use aggregates and other names of its place: checked when it is compiled. */
const target = z.unknown().describe("Target: an expression, or a record of targets").refine(present, "a target");
/** A timer set for longer rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Shorter is no time, as the clock has few digits left below it; longer cannot be told apart from a little longer. */
const milliseconds = z.number().min(0.001).max(Number.MAX_SAFE_INTEGER);
const delay = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const count = z.int().min(1);
const port = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "a name: lower-case letters, digits, _ and -");

function oneOf(...keys: readonly string[]): (value: object) => boolean {
  return (value) => keys.filter((key) => key in value).length === 1;
}

/** The same for editors, to whom zod tells nothing of a refinement. */
function editorsOneOf(...keys: readonly string[]): { readonly oneOf: readonly object[] } {
  return { oneOf: keys.map((key) => ({ required: [key] })) };
}

const limits = {
  name: z.string().min(1).optional(),
  maxGroups: z.int().min(1).max(10_000_000).optional(),
  maxKeyBytes: z.int().min(1024).optional(),
  onOverflow: z.enum(["drop", "evict"]).optional(),
};
const eventTime = {
  time: expressionOf('Time of each event, such as ["field", "at"]', "array").optional(),
  maxAheadMs: delay.optional(),
  delayMs: delay.optional(),
  latenessMs: delay.optional(),
  idleMs: milliseconds.optional(),
};

// Not unions: a union would answer a slip in one form with the errors of all of them.
const window = z.strictObject({
  tumbling: z.strictObject({
    size: count.optional(),
    increment: expressionOf("Number", "array", "number").optional(),
    intervalMs: milliseconds.optional(),
    maxEvents: count.optional(),
    ...eventTime,
    ...limits,
  }).refine(oneOf("size", "intervalMs"), "one of size, intervalMs").refine(
    (value) => value.size === undefined || Object.keys(eventTime).every((key) => !(key in value)),
    "size without time, delayMs, latenessMs and idleMs",
  ).refine((value) => value.intervalMs === undefined || value.increment === undefined, "increment beside size")
    .refine(
      (value) => value.size === undefined || value.maxEvents === undefined || value.increment !== undefined,
      "maxEvents beside intervalMs or increment",
    )
    .meta(editorsOneOf("size", "intervalMs"))
    .optional(),
  state: z.strictObject({ emit: condition, include: condition.optional(), maxEvents: count.optional(), ...limits })
    .optional(),
  sliding: z.strictObject({
    size: count.optional(),
    every: count.optional(),
    intervalMs: milliseconds.optional(),
    everyMs: milliseconds.optional(),
    maxEvents: count.optional(),
    ...eventTime,
    ...limits,
  }).refine(
    (value) =>
      value.size === undefined
        ? value.intervalMs !== undefined && value.everyMs !== undefined && value.every === undefined
        : value.intervalMs === undefined && value.everyMs === undefined &&
          value.maxEvents === undefined && Object.keys(eventTime).every((key) => !(key in value)),
    "size and every, or intervalMs, everyMs, maxEvents and event time",
  ).optional(),
  session: z.strictObject({ gapMs: milliseconds, maxEvents: count.optional(), ...eventTime, ...limits }).optional(),
}).refine(
  oneOf("tumbling", "state", "sliding", "session"),
  "one of tumbling, state, sliding, session",
).meta({ id: "window", minProperties: 1, maxProperties: 1 });

const select = z.strictObject({
  where: condition.optional(),
  groupBy: z.unknown().meta({
    description: 'Expression, { "set": […] } or { "each": … }',
    type: ["array", "object", "number", "boolean", "null"],
  }).optional(),
  window: z.union([z.array(window).min(1), window]).optional(),
  target: target.optional(),
  having: condition.optional(),
  atEnd: z.enum(["emit", "drop"]).optional(),
});

const match = z.strictObject({
  cases: z.array(z.strictObject({
    case: z.unknown().describe("Pattern").refine(present, "a pattern"),
    when: z.unknown().meta({ description: "Condition, also on captured values", type: ["array", "boolean"] })
      .optional(),
    then: target.optional(),
    to: port.optional(),
    drop: z.literal(true).optional(),
  })).min(1),
  otherwise: z.enum(["fail", "pass", "drop"]).optional(),
});

const store = z.custom<object>(
  (value) => typeof value === "string" ? value !== "" : typeof value === "object" && value !== null && "get" in value,
  "the path of a SQLite file, or a store",
);

/** Each step of a pipeline by its name. */
const steps = {
  filter: expressionOrFunctionSchema.meta({
    description: 'Condition, such as ["==", ["field", "level"], "error"]',
    holds: "expression",
    type: ["array", "boolean"],
  }).optional(),
  project: z.union([functionOr("a record of expressions, or "), z.record(z.string(), expression)]).optional(),
  extract: z.strictObject({
    pattern: z.string().min(1),
    flags: z.string().regex(/^[dimsuvy]*$/, "flags out of d, i, m, s, u, v, y").optional(),
    from: expressionOf('Text of each event, such as ["field", "message"]', "array").optional(),
    numbers: z.array(z.string()).optional(),
  }).optional(),
  count: z.strictObject({
    by: z.record(z.string(), key),
    as: z.string().min(1).optional(),
    maxGroups: z.int().min(1).max(10_000_000).optional(),
    maxKeyBytes: z.int().min(1024).optional(),
    everyEvents: count.optional(),
  }).optional(),
  select: select.optional(),
  set: z.record(z.string(), target).optional(),
  match: match.optional(),
  branch: z.record(port, condition).meta({ minProperties: 1 }).optional(),
  each: z.strictObject({ of: items, as: z.string().min(1).optional() }).optional(),
  bucket: z.strictObject({
    class: expressionOf("Name of the class", "array", "string"),
    rate: expressionOf("Number, 0 or more", "array", "number"),
    dimensions: key.optional(),
    cardinality: count.optional(),
    timeRangeMs: milliseconds.optional(),
    windows: count.max(10_000).optional(),
  }).optional(),
  batch: z.strictObject({ count: count.max(1_000_000), timeoutMs: milliseconds.optional() }).optional(),
  backpressure: z.strictObject({
    timeoutMs: milliseconds,
    steps: z.array(milliseconds).min(1).optional(),
    method: z.enum(["discard", "pause"]).optional(),
  }).optional(),
  percentile: z.strictObject({
    timeoutMs: milliseconds,
    stepDown: z.number().gt(0).max(1).optional(),
    stepUp: z.number().gt(0).max(1).optional(),
  }).optional(),
  sample: z.strictObject({ keep: z.number().min(0).max(1), key: key.optional() }).optional(),
  roundRobin: z.strictObject({ ports: z.array(port).min(1) }).optional(),
  dedupe: z.strictObject({ key, withinMs: milliseconds.optional(), maxKeys: count.optional() }).optional(),
  throttle: z.strictObject({
    limit: count,
    perMs: milliseconds.optional(),
    key: key.optional(),
    maxKeys: count.optional(),
  }).optional(),
  enrich: z.strictObject({
    key,
    table: z.record(z.string(), z.unknown()).optional(),
    file: z.strictObject({
      path: z.string().min(1),
      format: z.enum(["csv", "json", "ndjson"]).optional(),
      key: z.string().min(1).optional(),
      value: z.string().min(1).optional(),
      numbers: z.array(z.string().min(1)).optional(),
      maxBytes: count.max(1 << 30).optional(),
      everyMs: milliseconds.max(LONGEST_TIMER_MS).optional(),
    }).optional(),
    store: store.optional(),
    as: z.string().min(1),
    missing: z.enum(["pass", "drop", "fail"]).optional(),
  }).meta(editorsOneOf("table", "file", "store")).optional(),
  state: z.strictObject({
    key: key.optional(),
    initial: z.unknown().optional(),
    update: target,
    target: target.optional(),
    maxKeys: count.optional(),
  }).optional(),
  processor: z.strictObject({
    type: z.string().min(1),
    config: z.record(z.string(), z.unknown()).optional(),
    supervision: supervisionSchema.optional(),
  }).optional(),
  flatMap: callback.optional(),
  operator: callback.optional(),
};

const step = z.strictObject(steps).refine(
  (value) => Object.keys(value).length === 1,
  `one step of ${Object.keys(steps).join(", ")}`,
).meta({ id: "step", minProperties: 1, maxProperties: 1 });

const list = z.array(step).min(0);
/** Most nodes of a graph: events go through them on the stack of the host. */
const MOST_NODES = 1000;

/** The schema of a pipeline in any of its forms. */
export const pipelineSchema: z.ZodType = z.union([
  list,
  z.strictObject({ operators: list }),
  z.strictObject({
    nodes: z.record(port, list).refine(
      (nodes) => Object.keys(nodes).length <= MOST_NODES,
      `at most ${MOST_NODES} nodes`,
    ).meta({ maxProperties: MOST_NODES }),
    links: z.array(z.strictObject({
      from: z.string().min(1),
      to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    })),
    ports: z.array(z.string().min(1)).optional(),
  }),
]);
