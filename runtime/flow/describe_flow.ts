/** Draws a flow: its nodes, steps and links, as text and as a Mermaid diagram. @module */
import { compilePipeline } from "../pipeline/compile.ts";
import { kernelUse, stepText, unlinkedPorts } from "./describe_steps.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import type { FlowDefinition, PipelineDefinition, PipelineGraph } from "./flow_definition.ts";
import { mermaidOf } from "./flow_diagram.ts";
import { labelOf, orderOf } from "./flow_labels.ts";
import { buildGraph, type Graph, type Link } from "./graph.ts";

/** A drawing of a flow. */
export interface FlowDrawing {
  /** For a terminal. */
  readonly text: string;
  /** A Mermaid flowchart. */
  readonly mermaid: string;
}

/** What the mark behind a step means. */
const KERNEL_NOTE =
  `  [kernel]: where @caisson/json-kernel is granted native isolation, it does this on events that come as JSON.
  [fed]: there it reads what this step needs of them. Elsewhere the host does both, to the same results.`;

/**
 * Draws a checked flow.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` or `CAISSON_FLOW_LINK` when its graph cannot be
 */
export function describeFlow(flow: FlowDefinition): FlowDrawing {
  const graph = buildGraph(flow);
  return { text: textOf(flow, graph), mermaid: mermaidOf(flow, graph) };
}

function textOf(flow: FlowDefinition, graph: Graph): string {
  const lines = [`flow ${flow.name}`, ...(flow.state === undefined ? [] : [`  state in ${flow.state.path}`])];
  let marked = false;
  for (const name of orderOf(graph)) {
    lines.push("", `  ${name}  (${labelOf(flow, graph, name)})`);
    const links = graph.links.filter(({ from }) => from.node === name);
    const pipeline = flow.pipelines?.[name];
    if (pipeline !== undefined) {
      const compiled = compilePipeline(pipeline, `${flow.name}: pipelines.${name}`);
      const marks = kernelUse(compiled);
      marked ||= marks.size > 0;
      const steps = [...stepLines(pipeline, marks), ...("nodes" in pipeline ? silentLinks(pipeline, compiled) : [])];
      lines.push(...steps.map((line) => `    ${line}`));
      const lost = unlinkedPorts(compiled, links.map(({ from }) => from.port));
      lines.push(...links.flatMap(linkLines), ...(lost.length === 0 ? [] : [`    nothing takes: ${lost.join(", ")}`]));
    } else lines.push(...links.flatMap(linkLines));
  }
  return `${[...lines, ...(marked ? ["", KERNEL_NOTE] : [])].join("\n")}\n`;
}

function linkLines(link: Link): string[] {
  const { deadLetter } = link;
  return [`    ${arrowOf(link)}`, ...(deadLetter === undefined ? [] : [`      failed -> ${deadLetter}`])];
}

function arrowOf({ from, to, buffer, retry }: Link): string {
  const arrow = from.port === "out" ? `-> ${to.node}` : `${from.port} -> ${to.node}`;
  const attempts = retry?.attempts ?? buffer?.retry?.attempts;
  const more = [
    ...(buffer === undefined ? [] : [`buffer ${buffer.path}`]),
    ...(attempts === undefined ? [] : [`${attempts} attempts`]),
  ];
  return more.length === 0 ? arrow : `${arrow}  (${more.join(", ")})`;
}

/** Links from `err` of a node that nobody wrote. */
function silentLinks({ links }: PipelineGraph, { wires }: CompiledPipeline): string[] {
  return wires.map(({ node, port, ports }) => ({ from: `${node}/${port}`, ports }))
    .filter(({ from }) => from.endsWith("/err") && !links.some((link) => link.from === from))
    .map(({ from, ports }) => `${from} -> ${ports.join(", ")}`);
}

function stepLines(pipeline: PipelineDefinition, marks: ReadonlyMap<string, string>): string[] {
  if (!("nodes" in pipeline)) {
    const steps = "operators" in pipeline ? pipeline.operators : pipeline;
    return steps.map((step, index) => stepText(step, marks.get(`main[${index}]`)));
  }
  return [
    ...Object.entries(pipeline.nodes).flatMap(([node, steps]) => [
      `${node}:`,
      ...steps.map((step, index) => `  ${stepText(step, marks.get(`${node}[${index}]`))}`),
    ]),
    ...pipeline.links.map(({ from, to }) => `${from} -> ${[to].flat().join(", ")}`),
  ];
}
