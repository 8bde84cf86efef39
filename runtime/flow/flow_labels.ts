/** What a drawing calls the nodes of a flow, and in which order they come. @module */
import { isPartOf } from "./cut_pipeline.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import type { Graph } from "./graph.ts";
import { asWritten } from "./split_pipelines.ts";

/** Sources, then what they feed, then sinks. */
export function orderOf({ nodes, sources, inner, sinks }: Graph): string[] {
  return [...new Set([...sources, ...[...inner].reverse(), ...sinks, ...nodes.keys()])];
}

/** What a node is; of a part of a pipeline, of which. */
export function labelOf(flow: FlowDefinition, { nodes, sources, sinks, deadLetters }: Graph, name: string): string {
  const kind = nodes.get(name)!;
  const written = asWritten(flow);
  const whole = flow[`${kind}s`] === undefined || Object.hasOwn(written[`${kind}s`] ?? {}, name)
    ? undefined
    : Object.keys(written.pipelines ?? {}).find((pipeline) => isPartOf(name, pipeline));
  if (kind === "pipeline") return whole === undefined ? "pipeline" : `part of pipeline ${whole}`;
  if (kind === "processor") {
    const { type } = flow.processors![name]!;
    return whole === undefined ? `processor ${type}` : `processor ${type} of pipeline ${whole}`;
  }
  const roles = [
    ...(sources.includes(name) ? ["source"] : []),
    ...(deadLetters.includes(name) ? ["dead letters"] : sinks.includes(name) ? ["sink"] : []),
  ];
  return `${roles.join(" and ")} ${flow.connectors[name]!.type}`;
}
