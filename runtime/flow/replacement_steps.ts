/** Checks the steps that are to replace those of a running pipeline. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { compilePipeline } from "../pipeline/compile.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { portsOf } from "../pipeline/ports.ts";
import type { PipelineDefinition } from "./flow_definition.ts";
import { parseFlow } from "./flow_schema.ts";
import type { Graph } from "./graph.ts";

/**
 * Compiles a definition for the place of the pipeline `name` of `flow`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for what no pipeline may be and for `processor` steps,
 * `CAISSON_FLOW_LINK` when the flow links a port that it does not have
 */
export function compileReplacement(
  flow: string,
  name: string,
  definition: PipelineDefinition,
  { links }: Graph,
): CompiledPipeline {
  const path = `pipelines.${name}`;
  const { pipelines } = parseFlow({ name: flow, connectors: {}, pipelines: { [name]: definition }, links: [] }, flow);
  if (pipelines?.[name] !== definition) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${flow}: ${path}`,
      found: "a processor step",
      allowed: "steps that the host runs: nodes are not added to a flow that runs",
    });
  }
  const compiled = compilePipeline(definition, `${flow}: ${path}`);
  const ports = portsOf(definition);
  const missing = links.find(({ from }) => from.node === name && !ports.includes(from.port));
  if (missing !== undefined) {
    throw new CaissonError("CAISSON_FLOW_LINK", {
      subject: `${flow}: ${path}`,
      found: `no port ${JSON.stringify(missing.from.port)}, which is linked to ${missing.to.node}`,
      allowed: "steps with every port that the flow links",
    });
  }
  return compiled;
}
