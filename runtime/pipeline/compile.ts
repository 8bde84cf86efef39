/** Compiles the steps of a pipeline, in either form. @module */
import type { OperatorDefinition, PipelineDefinition } from "../flow/flow_definition.ts";
import { type CompiledPipeline, linear } from "./compiled_pipeline.ts";
import { compileCount } from "./count.ts";
import { compileExtract } from "./extract.ts";
import { compileFilter } from "./filter.ts";
import type { Operator } from "./operator.ts";
import { compileProject } from "./project.ts";
import { compileSelect } from "./select.ts";

/** Compiles the operators of a plain list; every error names the path in the flow. */
export function compileOperators(definition: PipelineDefinition, path: string): Operator[] {
  const operators = "operators" in definition ? definition.operators : definition;
  return operators.map((operator, index) => compileOperator(operator, `${path}[${index}]`));
}

/** Compiles a pipeline; every error names the path in the flow. */
export function compilePipeline(definition: PipelineDefinition, path: string): CompiledPipeline {
  return linear(compileOperators(definition, path));
}

function compileOperator(operator: OperatorDefinition, path: string): Operator {
  if ("filter" in operator) {
    return compileFilter(operator.filter, `${path}.filter`);
  }
  if ("project" in operator) {
    return compileProject(operator.project, `${path}.project`);
  }
  if ("extract" in operator) {
    return compileExtract(operator.extract, `${path}.extract`);
  }
  if ("select" in operator) {
    return compileSelect(operator.select, `${path}.select`);
  }
  return compileCount(operator.count, `${path}.count`);
}
