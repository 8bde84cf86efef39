/** Checks what is to replace the steps of a running pipeline, and whether it can. @module */
import { isDeepStrictEqual } from "node:util";
import { CaissonError } from "../errors/caisson_error.ts";
import { compilePipeline } from "../pipeline/compile.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { portsOf } from "../pipeline/ports.ts";
import type { ReplaceablePipeline } from "../pipeline/replaceable_pipeline.ts";
import { isPartOf } from "./cut_pipeline.ts";
import type { FlowDefinition, PipelineDefinition } from "./flow_definition.ts";
import { throwErrors } from "../errors/report.ts";
import { wrongPorts } from "./check_ports.ts";
import { checkShape, parseFlow } from "./flow_schema.ts";
import type { Graph } from "./graph.ts";
import { asWritten, hasProcessor } from "./split_pipelines.ts";
import type { StartedPipeline } from "./start_pipeline.ts";

/** New steps for a pipeline that runs. */
export interface Replacement {
  /** Name of the pipeline, or of the part of one. */
  readonly name: string;
  /** Runs the old ones. */
  readonly running: ReplaceablePipeline;
  /** The new ones. */
  readonly compiled: CompiledPipeline;
}

/** What {@linkcode planReplacement} needs. */
export interface ReplacementOptions {
  /** The flow that runs. */
  readonly flow: FlowDefinition;
  /** Its nodes and links. */
  readonly graph: Graph;
  /** Its pipelines. */
  readonly pipelines: ReadonlyMap<string, StartedPipeline>;
}

/**
 * Compiles a definition for the place of the pipeline `name`: one replacement, or one for each part between its
 * processors, upstream ones first.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for what no pipeline may be, when the steps cannot be replaced, and when the
 * processors would not stay as they are; `CAISSON_FLOW_LINK` when the flow links a port that it does not have
 */
export function planReplacement(
  name: string,
  definition: PipelineDefinition,
  { flow, graph, pipelines }: ReplacementOptions,
): Replacement[] {
  const before = asWritten(flow);
  const isCut = before !== flow && before.pipelines?.[name] !== undefined && flow.pipelines?.[name] === undefined;
  if (!isCut) {
    const running = replaceableOf(pipelines, flow.name, name);
    return [{ name, running, compiled: compileReplacement(flow.name, name, definition, graph) }];
  }
  const after = parseFlow({ ...before, pipelines: { ...before.pipelines, [name]: definition } }, flow.name);
  if (!hasSameNodes(flow, after)) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${flow.name}: pipelines.${name}`,
      found: "other processors, or other links to or from them",
      allowed: "the processors as they are: nodes are not added to a flow that runs, nor changed",
      action: "Keep the processors with their configuration and what they are linked to, or deploy the flow anew.",
    });
  }
  return graph.inner.filter((part) => pipelines.has(part) && isPartOf(part, name)).reverse().map((part) => ({
    name: part,
    running: replaceableOf(pipelines, flow.name, part),
    compiled: compilePipeline(after.pipelines![part]!, `${flow.name}: pipelines.${part}`),
  }));
}

function hasSameNodes(one: FlowDefinition, other: FlowDefinition): boolean {
  const names = ({ pipelines }: FlowDefinition): Set<string> => new Set(Object.keys(pipelines ?? {}));
  const links = ({ links }: FlowDefinition): Set<string> =>
    new Set(links.flatMap(({ from, to }) => [to].flat().map((target: string) => `${from} -> ${target}`)));
  return isDeepStrictEqual(names(one), names(other)) && isDeepStrictEqual(links(one), links(other)) &&
    isDeepStrictEqual(one.processors, other.processors);
}

/**
 * Compiles a definition for the place of the pipeline `name` of `flow`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for what no pipeline may be and for `processor` steps,
 * `CAISSON_FLOW_LINK` when the flow links a port that it does not have
 */
function compileReplacement(
  flow: string,
  name: string,
  definition: PipelineDefinition,
  { links }: Graph,
): CompiledPipeline {
  const path = `pipelines.${name}`;
  const pipelines = { [name]: definition };
  checkShape({ name: flow, connectors: {}, pipelines, links: [] }, flow);
  if (hasProcessor(definition)) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${flow}: ${path}`,
      found: "a processor step",
      allowed: "steps that the host runs: nodes are not added to a flow that runs",
    });
  }
  const linked = links.map(({ from, to }) => ({ from: `${from.node}/${from.port}`, to: to.node }));
  throwErrors(wrongPorts({ pipelines, links: linked }, flow));
  const wrong: CaissonError[] = [];
  const compiled = compilePipeline(definition, `${flow}: ${path}`, (error) => void wrong.push(error));
  throwErrors(wrong);
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
function replaceableOf(
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
