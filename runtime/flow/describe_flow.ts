/** Draws a flow: its nodes, steps and links, as text and as a Mermaid diagram. @module */
import type { FlowDefinition, OperatorDefinition, PipelineDefinition } from "./flow_definition.ts";
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
    const steps = stepLines(flow.pipelines?.[name]).map((line) => line.trim().split(" ")[0]!).slice(0, 12);
    const label = [name, labelOf(flow, graph, name), ...steps.length > 0 ? [steps.join(" → ")] : []].map(escape).join(
      "<br>",
    );
    const [open, close] = graph.nodes.get(name) === "connector" ? ["([", "])"] : ["[", "]"];
    lines.push(`  ${id(name)}${open}"${label}"${close}`);
  }
  for (const { from, to } of graph.links) {
    lines.push(`  ${id(from.node)} -->${from.port === "out" ? "" : `|${from.port}|`} ${id(to.node)}`);
  }
  for (const { from, deadLetter } of graph.links) {
    if (deadLetter !== undefined) lines.push(`  ${id(from.node)} -.->|failed| ${id(deadLetter)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What Mermaid would read as its own. */
function escape(text: string): string {
  return text.replace(/[&<>"#]/g, (char) => `#${char.codePointAt(0)};`);
}
