/** Finds all that is wrong in a flow, before anything of it starts. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { Report } from "../errors/report.ts";
import { compileOperators, compilePipeline } from "../pipeline/compile.ts";
import { checkFormats } from "./check_formats.ts";
import { wrongPorts } from "./check_ports.ts";
import type { FlowDefinition, PipelineDefinition } from "./flow_definition.ts";
import { shapeProblems } from "./flow_schema.ts";
import { buildGraph } from "./graph.ts";
import { withoutProcessors } from "./split_pipelines.ts";

/**
 * All that is wrong in a flow, as far as it can be told without its plugins, files and permissions. Values of a wrong form
 * come alone: what they mean is not looked at.
 *
 * @param label what the errors begin with: the file, or the flow's name
 */
export function flowProblems(value: unknown, label: string): readonly CaissonError[] {
  const shape = shapeProblems(value, label);
  if (shape.length > 0) return shape;
  const flow = value as FlowDefinition;
  const problems: CaissonError[] = [];
  const report: Report = (error) => void problems.push(error);
  for (const [name, definition] of Object.entries(flow.pipelines ?? {})) {
    const wrong = wrongPorts({ pipelines: { [name]: definition }, links: flow.links }, label);
    problems.push(...wrong);
    checkSteps(withoutProcessors(definition), `${label}: pipelines.${name}`, wrong.length > 0, report);
  }
  checkFormats(flow, label, report);
  buildGraph(flow, { label, report });
  return problems;
}

/** @param listsOnly whether the links are known to be wrong: nodes that they miss would be reported for nothing */
function checkSteps(definition: PipelineDefinition, path: string, listsOnly: boolean, report: Report): void {
  if (!listsOnly || !("nodes" in definition)) return void compilePipeline(definition, path, report);
  for (const [node, steps] of Object.entries(definition.nodes)) {
    compileOperators(steps, `${path}.nodes.${node}`, report);
  }
}
