/** Compiles the steps of a pipeline, in either form. @module */
import type { OperatorDefinition, PipelineDefinition, PipelineList } from "../flow/flow_definition.ts";
import { attempt, type Report } from "../errors/report.ts";
import { type CompiledPipeline, linear } from "./compiled_pipeline.ts";
import { compileCount } from "./count.ts";
import { compileExtract } from "./extract.ts";
import { compileFilter } from "./filter.ts";
import { invalid } from "./invalid.ts";
import type { Operator } from "./operator.ts";
import { compileGraph } from "./pipeline_graph.ts";
import { compileProject } from "./project.ts";
import { compileSelect } from "./select.ts";
import { compileEnrich } from "./step/enrich.ts";
import { compileBucket, compileDedupe, compileSample, compileThrottle } from "./step/limit_steps.ts";
import { compileMatch } from "./step/match.ts";
import { compileBackpressure, compilePercentile, compileRoundRobin } from "./step/quality_steps.ts";
import {
  compileBatch,
  compileBranch,
  compileEach,
  compileFlatMap,
  compileSet,
  compileState,
} from "./step/shape_steps.ts";

/** Makes an operator of what stands at its key. */
type Compile = (definition: never, path: string) => Operator;

const compilers: Readonly<Record<string, Compile>> = {
  filter: compileFilter,
  project: compileProject,
  extract: compileExtract,
  count: compileCount,
  select: compileSelect,
  set: compileSet,
  match: compileMatch,
  branch: compileBranch,
  each: compileEach,
  bucket: compileBucket,
  batch: compileBatch,
  backpressure: (definition: Parameters<typeof compileBackpressure>[0]) => compileBackpressure(definition),
  percentile: (definition: Parameters<typeof compilePercentile>[0]) => compilePercentile(definition),
  sample: compileSample,
  roundRobin: compileRoundRobin,
  dedupe: compileDedupe,
  throttle: compileThrottle,
  enrich: compileEnrich,
  state: compileState,
  flatMap: compileFlatMap,
  operator: (make: () => Operator) => make(),
};

/** Names of all steps. */
export const stepNames: readonly string[] = Object.keys(compilers);

/** Deepest nesting of a step: twice that of an expression, for what may stand around one. */
const MOST_LEVELS = 128;

/** Looks level by level, not by calling itself: the stack is what it protects. */
function isTooDeep(definition: unknown): boolean {
  let level: unknown[] = [definition];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((value) => Array.isArray(value) || isPlain(value) ? Object.values(value) : []);
  }
  return false;
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Compiles one step. @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path */
function compileStep(step: OperatorDefinition, path: string): Operator {
  const [[name, definition] = ["", undefined]] = Object.entries(step);
  const compile = Object.hasOwn(compilers, name) ? compilers[name]! : undefined;
  if (compile === undefined) throw invalid(path, name === "" ? "no step" : name, stepNames.join(", "));
  if (isTooDeep(definition)) throw invalid(`${path}.${name}`, "deeper nesting", `at most ${MOST_LEVELS} levels`);
  return compile(definition as never, `${path}.${name}`);
}

/**
 * Compiles the operators of a plain list; every error names the path in the flow.
 *
 * @param report takes the errors of the steps, which are left out then; without it the first one is thrown
 */
export function compileOperators(definition: PipelineList, path: string, report?: Report): Operator[] {
  const isPlain = !("operators" in definition);
  const operators = isPlain ? definition : definition.operators;
  const at = isPlain ? path : `${path}.operators`;
  return operators.flatMap((operator, index) => attempt(report, () => compileStep(operator, `${at}[${index}]`)) ?? []);
}

/**
 * Compiles a pipeline; every error names the path in the flow.
 *
 * @param report takes all errors, and what is compiled is not to be used then; without it the first one is thrown
 */
export function compilePipeline(definition: PipelineDefinition, path: string, report?: Report): CompiledPipeline {
  return "nodes" in definition
    ? compileGraph(definition, path, compileOperators, report)
    : linear(compileOperators(definition, path, report));
}
