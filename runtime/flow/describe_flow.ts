/** Draws a flow: its nodes, steps and links, as text and as a Mermaid diagram. @module */
import type { FlowDefinition, OperatorDefinition, PipelineDefinition, PipelineGraph } from "./flow_definition.ts";
import { buildGraph, type Graph, type Link } from "./graph.ts";

/** A drawing of a flow. */
export interface FlowDrawing {
  /** For a terminal. */
  readonly text: string;
  /** A Mermaid flowchart. */
  readonly mermaid: string;
}

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
  const lines = [`flow ${flow.name}`];
  for (const name of orderOf(graph)) {
    lines.push("", `  ${name}  (${labelOf(flow, graph, name)})`);
    for (const line of stepLines(flow.pipelines?.[name])) lines.push(`    ${line}`);
    for (const link of graph.links) {
      if (link.from.node !== name) continue;
      lines.push(`    ${arrowOf(link)}`);
      if (link.deadLetter !== undefined) lines.push(`      failed -> ${link.deadLetter}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function arrowOf({ from, to }: Link): string {
  return from.port === "out" ? `-> ${to.node}` : `${from.port} -> ${to.node}`;
}

/** Sources, then what they feed, then sinks. */
function orderOf({ nodes, sources, inner, sinks }: Graph): string[] {
  return [...new Set([...sources, ...[...inner].reverse(), ...sinks, ...nodes.keys()])];
}

function labelOf(flow: FlowDefinition, { nodes, sources, sinks }: Graph, name: string): string {
  const kind = nodes.get(name)!;
  if (kind === "pipeline") return "pipeline";
  if (kind === "processor") return `processor ${flow.processors![name]!.type}`;
  const roles = [sources.includes(name) ? "source" : "", sinks.includes(name) ? "sink" : ""].filter((role) =>
    role !== ""
  );
  return `${roles.join(" and ")} ${flow.connectors[name]!.type}`;
}

function stepLines(pipeline: PipelineDefinition | undefined): string[] {
  if (pipeline === undefined) return [];
  if (!("nodes" in pipeline)) return ("operators" in pipeline ? pipeline.operators : pipeline).map(stepText);
  return [
    ...Object.entries(pipeline.nodes).flatMap((
      [node, steps],
    ) => [`${node}:`, ...steps.map((step) => `  ${stepText(step)}`)]),
    ...pipeline.links.map(({ from, to }) => `${from} -> ${typeof to === "string" ? to : to.join(", ")}`),
  ];
}

/** Longest text of a step. */
const LONGEST = 100;

function stepText(step: OperatorDefinition): string {
  const [[name, definition] = ["", undefined]] = Object.entries(step);
  const text = typeof definition === "function" ? "a function" : JSON.stringify(definition) ?? "";
  return `${name} ${text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text}`;
}

function mermaidOf(flow: FlowDefinition, graph: Graph): string {
  const names = [...graph.nodes.keys()];
  const id = (name: string): string => `n${names.indexOf(name)}`;
  const lines = ["flowchart LR"];
  for (const name of orderOf(graph)) {
    const pipeline = flow.pipelines?.[name];
    if (pipeline !== undefined && "nodes" in pipeline) {
      lines.push(...subgraphOf(name, id(name), pipeline));
      continue;
    }
    const steps = pipeline === undefined ? [] : stepNames("operators" in pipeline ? pipeline.operators : pipeline);
    lines.push(
      `  ${boxOf(id(name), [name, labelOf(flow, graph, name), ...steps], graph.nodes.get(name) === "connector")}`,
    );
  }
  const from = ({ node, port }: Link["from"]): string => {
    const pipeline = flow.pipelines?.[node];
    return pipeline !== undefined && "nodes" in pipeline && port !== "err"
      ? portId(id(node), pipeline, port)
      : id(node);
  };
  const isInside = (node: string, port: string): boolean => from({ node, port }) !== id(node);
  for (const link of graph.links) {
    const { node, port } = link.from;
    const label = port === "out" || isInside(node, port) ? "" : `|${port}|`;
    const target = flow.pipelines?.[link.to.node];
    const to = target !== undefined && "nodes" in target ? portId(id(link.to.node), target, "in") : id(link.to.node);
    lines.push(`  ${from(link.from)} -->${label} ${to}`);
  }
  for (const { from: { node }, deadLetter } of graph.links) {
    if (deadLetter !== undefined) lines.push(`  ${id(node)} -.->|failed| ${id(deadLetter)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A pipeline that is a graph: its lists and ports, with the links between them. */
function subgraphOf(name: string, id: string, pipeline: PipelineGraph): string[] {
  const { nodes, links } = pipeline;
  const inside = new Set(links.flatMap(({ to }) => to as string | string[]));
  const ports = ["in", ...[...inside].filter((to) => !Object.hasOwn(nodes, to))];
  return [
    `  subgraph ${id}["${escape(name)}"]`,
    ...ports.map((port) => `    ${portId(id, pipeline, port)}(["${escape(port)}"])`),
    ...Object.entries(nodes).map(([node, steps]) =>
      `    ${boxOf(portId(id, pipeline, node), [node, ...stepNames(steps)])}`
    ),
    ...links.flatMap(({ from, to }) => {
      const [node = "", port = "out"] = from.split("/");
      const label = port === "out" ? "" : `|${port}|`;
      return [to].flat().map((target: string) =>
        `    ${portId(id, pipeline, node)} -->${label} ${portId(id, pipeline, target)}`
      );
    }),
    "  end",
  ];
}

/** Names a list or port of a pipeline; what users call them may be a word of Mermaid's own. */
function portId(id: string, { nodes, links }: PipelineGraph, name: string): string {
  const names = ["in", ...Object.keys(nodes), ...links.flatMap(({ to }) => to as string | string[])];
  return `${id}_${[...new Set(names)].indexOf(name)}`;
}

function stepNames(steps: readonly OperatorDefinition[]): string[] {
  const names = steps.map((step) => Object.keys(step)[0] ?? "").slice(0, 12);
  return names.length > 0 ? [names.join(" → ")] : [];
}

function boxOf(id: string, label: readonly string[], isRound = false): string {
  const [open, close] = isRound ? ["([", "])"] : ["[", "]"];
  return `${id}${open}"${label.map(escape).join("<br>")}"${close}`;
}

/** What Mermaid would read as its own. */
function escape(text: string): string {
  return text.replace(/[&<>"#]/g, (char) => `#${char.codePointAt(0)};`);
}
