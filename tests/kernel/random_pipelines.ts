/** Random pipelines of expressions that the kernel knows. @module */
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { CompiledPipeline } from "../../runtime/pipeline/compiled_pipeline.ts";
import { compilePipeline } from "../../runtime/pipeline/compile.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import type { Expression, OperatorDefinition, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import type { Pattern } from "../../runtime/pipeline/step/match_definition.ts";

const PATHS: readonly Expression[] = [
  ["field", "level"],
  ["field", "n"],
  ["field", "m"],
  ["field", "user.name"],
  ["field", "user.id"],
  ["field", "user.a.a"],
  ["field", ["user", "length"]],
  ["field", ["user", 0]],
  ["field", "name"],
  ["field", ["ü"]],
  ["field", [""]],
  ["field", "user"],
  ["field", "a"],
  ["field", "__proto__"],
];
const CONSTANTS: readonly Expression[] = [
  ...["error", "info", "", "a", "é", "😀", "\uffff", 0, 1, -1, 12.5, 9007199254740992, 1e21, 1e-7, true, false, null],
];

/** Fields of what a random projection makes. */
const MADE: readonly Expression[] = [["field", "x"], ["field", "y z"], ["field", "x.a"], ["field", ["ü"]]];

/** A step that the kernel feeds with what it reads. */
function reader(
  random: () => number,
  pick: <T>(list: readonly T[]) => T,
  expression: (depth: number) => Expression,
  paths: readonly Expression[],
): OperatorDefinition {
  const kind = random();
  if (kind < 0.3) {
    const by = Object.fromEntries(
      ["k", "l"].slice(0, 1 + Math.floor(random() * 2)).map((name) => [name, expression(2)]),
    );
    return { count: { by, everyEvents: 40, maxGroups: pick([3, 100]) } };
  }
  const windows = [
    { tumbling: { size: 7 } },
    { tumbling: { size: 9, increment: pick(paths) } },
    { sliding: { size: 6, every: 3 } },
    { state: { emit: ["==", pick(paths), "error"] } },
    { tumbling: { intervalMs: 50, time: ["coalesce", pick(paths), 1] } },
    [{ tumbling: { size: 3 } }, { tumbling: { size: 2 } }],
  ];
  return {
    select: {
      ...(random() < 0.5 ? { where: expression(2) } : {}),
      ...(random() < 0.7 ? { groupBy: random() < 0.5 ? pick(paths) : { set: [pick(paths), expression(1)] } } : {}),
      window: pick(windows) as never,
      target: {
        n: ["count"],
        sum: ["sum", pick(paths)],
        max: ["max", expression(1)],
        all: ["collect", pick(paths)],
        last: pick(paths),
        group: ["group"],
      } as never,
    },
  };
}

/** A step that the kernel feeds and that passes events on. */
function limiter(
  pick: <T>(list: readonly T[]) => T,
  expression: (depth: number) => Expression,
): OperatorDefinition {
  return pick<OperatorDefinition>([
    { dedupe: { key: expression(2), withinMs: 30 } },
    { bucket: { class: ["string", expression(1)], rate: pick([2, ["field", "n"]]), dimensions: expression(1) } },
    { throttle: { limit: 3, perMs: 50, key: expression(2) } },
    { sample: { keep: 0.5, key: expression(1) } },
    { bucket: { class: "all", rate: 1000 } },
  ]);
}

/** A pattern of events and of parts of them. */
function pattern(pick: <T>(list: readonly T[]) => T, random: () => number, depth: number, isRoot: boolean): Pattern {
  const inner = (isRoot: boolean) => pattern(pick, random, depth - 1, isRoot);
  const names = ["level", "n", "m", "user", "name", "a", "ü", "", "id"];
  const kind = random();
  if (depth > 0 && (isRoot || kind < 0.3)) {
    if (isRoot && kind < 0.1) return { $is: ["<", ["field", "n"], pick(PATHS)] };
    if (kind < 0.25) return { [pick(["$any", "$all"])]: [inner(isRoot), inner(isRoot)] };
    if (kind < 0.35) return { $not: inner(isRoot) };
    return { [pick(names)]: inner(false), ...(random() < 0.4 ? { [pick(names)]: inner(false) } : {}) };
  }
  if (isRoot) return { level: "error" };
  if (kind < 0.5) return pick(["error", "info", 1, 12.5, null, true, "é", -1]);
  if (kind < 0.65) return { $in: ["error", 1, null, "😀"] };
  if (kind < 0.8) return { $type: pick(["any", "null", "boolean", "any", "text"]) };
  if (kind < 0.9) return { $absent: true };
  return { $not: pick(["error", 1, null]) };
}

/** A step that sends events one way or another. */
function router(
  pick: <T>(list: readonly T[]) => T,
  random: () => number,
  expression: (depth: number) => Expression,
): OperatorDefinition {
  if (random() < 0.4) return { branch: { a: expression(2), b: expression(3) } };
  const one = (to: string | undefined) => ({
    case: pattern(pick, random, 3, true),
    ...(to === undefined ? {} : { to }),
    ...(to === undefined && random() < 0.3 ? { drop: true as const } : {}),
  });
  return {
    match: { cases: [one("a"), one("b"), one(undefined)], otherwise: pick(["fail", "pass", "drop"]) },
  };
}

/** A pipeline that begins with what the kernel does: filters, projections, steps it reads for. */
export function randomPipeline(random: () => number): PipelineDefinition {
  for (;;) {
    const definition = anyPipeline(random);
    if (isProgram(definition)) return definition;
  }
}

/** What is refused, as a condition that can never hold, has no program either. */
function isProgram(definition: PipelineDefinition): boolean {
  let compiled: CompiledPipeline;
  try {
    compiled = compilePipeline(definition, "random");
  } catch (error) {
    if (error instanceof CaissonError && error.code === "CAISSON_FLOW_INVALID") return false;
    throw error;
  }
  return kernelProgramOf(compiled) !== undefined;
}

function anyPipeline(random: () => number): PipelineDefinition {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const expression = (depth: number): Expression => {
    const kind = random();
    if (depth === 0 || kind < 0.25) return random() < 0.7 ? pick(PATHS) : pick(CONSTANTS);
    const inner = () => expression(depth - 1);
    if (kind < 0.5) {
      const binary = [
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "contains",
        "starts_with",
        "ends_with",
        "+",
        "-",
        "*",
        "/",
        "%",
      ];
      return [pick(binary), inner(), inner()];
    }
    if (kind < 0.65) return [pick(["and", "or", "coalesce", "concat"]), inner(), inner(), inner()];
    if (kind < 0.85) return [pick(["not", "lower", "upper", "length", "number", "string", "present"]), inner()];
    if (kind < 0.95) return ["if", inner(), inner(), inner()];
    return ["in", inner(), ["literal", ["error", 1, 12.5, null, true]]];
  };
  const fields = () =>
    Object.fromEntries(
      ["x", "y z", 'q"\n', "ü"].slice(0, 1 + Math.floor(random() * 4)).map((name) => [name, expression(3)]),
    );
  const filter = { filter: ["or", expression(3), expression(2), ["==", ["field", "level"], "error"]] } as const;
  const kind = random();
  if (kind < 0.1) return [filter];
  if (kind < 0.2) return [{ project: fields() }];
  if (kind < 0.3) return [filter, { project: fields() }];
  if (kind < 0.4) return [filter, { project: fields() }, { filter: ["present", ["field", "x"]] }];
  const before = pick([[], [filter], [{ project: fields() }], [filter, { project: fields() }]]);
  const paths = before.length > 0 ? [...PATHS, ...MADE] : PATHS;
  if (kind > 0.85 && random() < 0.6) {
    const behind: OperatorDefinition[] = random() < 0.5 ? [] : [{ filter: expression(2) }];
    return {
      nodes: { first: [...before, router(pick, random, expression), ...behind] },
      links: [
        { from: "in", to: "first" },
        { from: "first", to: "out" },
        { from: "first/a", to: "side" },
        { from: "first/b", to: pick(["out", "side"]) },
      ],
    };
  }
  const step = random() < 0.3 ? limiter(pick, expression) : reader(random, pick, expression, paths);
  if (kind < 0.7 || before.length === 0) return [...before, step];
  // Beside the port `out`, or with all that it emits going there.
  const to = pick(["out", "side"]);
  return kind < 0.85
    ? {
      nodes: { first: before, second: [step] },
      links: [{ from: "in", to: "first" }, { from: "first", to: ["out", "second"] }, { from: "second", to }],
    }
    : {
      nodes: { first: [...before, step] },
      links: [{ from: "in", to: "first" }, { from: "first", to: "out" }, {
        from: `first/${"select" in step || "bucket" in step ? "overflow" : "out"}`,
        to: "side",
      }],
    };
}
