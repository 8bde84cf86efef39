/** Checks what is to replace the steps of a running pipeline, and whether it can. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { compilePipeline } from "../pipeline/compile.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { portsOf } from "../pipeline/ports.ts";
import type { ReplaceablePipeline } from "../pipeline/replaceable_pipeline.ts";
import type { PipelineDefinition } from "./flow_definition.ts";
import { parseFlow } from "./flow_schema.ts";
import type { Graph } from "./graph.ts";
import type { StartedPipeline } from "./start_pipeline.ts";

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

/** The steps of a pipeline, to be replaced. @throws {CaissonError} `CAISSON_FLOW_INVALID` when they cannot be */
export function replaceableOf(
  pipelines: ReadonlyMap<string, StartedPipeline>,
  flow: string,
  name: string,
): ReplaceablePipeline {
  const pipeline = pipelines.get(name);
  if (pipeline?.replaceable !== undefined) return pipeline.replaceable;
  const isThere = pipeline !== undefined;
  throw new CaissonError("CAISSON_FLOW_INVALID", {
    subject: `${flow}/${name}`,
    found: isThere ? "a pipeline whose state is kept in a file" : "no such pipeline",
    allowed: isThere ? "a pipeline without stored state" : [...pipelines.keys()].join(", ") || "no name: it has none",
    action: isThere ? "Stop the flow, change it and name another state file." : "Name a pipeline of the flow.",
  });
}
