/** Draws a flow as a Mermaid flowchart. @module */
import type { FlowDefinition, OperatorDefinition, PipelineGraph } from "./flow_definition.ts";
import { labelOf, orderOf } from "./flow_labels.ts";
import type { Graph, Link } from "./graph.ts";

/** A Mermaid flowchart of a checked flow. */
export function mermaidOf(flow: FlowDefinition, graph: Graph): string {
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
    const words = [...(port === "out" || isInside(node, port) ? [] : [port]), ...(link.buffer ? ["buffered"] : [])];
    const label = words.length === 0 ? "" : `|${words.join(", ")}|`;
    const target = flow.pipelines?.[link.to.node];
    const to = target !== undefined && "nodes" in target ? portId(id(link.to.node), target, "in") : id(link.to.node);
    lines.push(`  ${from(link.from)} -->${label} ${to}`);
  }
  const failing = graph.links.flatMap(({ from, deadLetter }) =>
    deadLetter === undefined ? [] : [`  ${id(from.node)} -.->|failed| ${id(deadLetter)}`]
  );
  // Several links of one node may have the same dead letters.
  lines.push(...new Set(failing));
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
