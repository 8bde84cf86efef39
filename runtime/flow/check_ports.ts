/** Checks the ports that graphs inside pipelines name: a slip in a node's name would be a port that leads nowhere. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { didYouMean } from "../manifest/schema_issue.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { FlowDefinition, PipelineGraph } from "./flow_definition.ts";

/** Ports that a graph may name without a word, linked or not. */
const ALWAYS: readonly string[] = ["out", "err"];

/**
 * What is wrong with the ports that graphs of a flow lead to: each has to be linked in the flow, or be one of the graph's
 * `ports`.
 *
 * @param label what the errors begin with, the flow's file or name
 */
export function wrongPorts(flow: Pick<FlowDefinition, "pipelines" | "links">, label: string): CaissonError[] {
  return Object.entries(flow.pipelines ?? {}).flatMap(([name, pipeline]) =>
    "nodes" in pipeline ? wrongPortsOf(pipeline, linkedPorts(flow, name), `${label}: pipelines.${name}`, name) : []
  );
}

function linkedPorts({ links }: Pick<FlowDefinition, "links">, pipeline: string): string[] {
  return links.map(({ from }) => from.split("/")).filter(([node]) => node === pipeline).map(([, port = "out"]) => port);
}

function wrongPortsOf(
  { nodes, links, ports }: PipelineGraph,
  linked: readonly string[],
  path: string,
  name: string,
): CaissonError[] {
  const allowed = [...new Set([...Object.keys(nodes), ...ALWAYS, ...ports ?? [], ...linked])];
  const errors: CaissonError[] = [];
  for (const [index, { to }] of links.entries()) {
    for (const target of [to].flat() as string[]) {
      if (allowed.includes(target) || target === "in" || target.includes("/")) continue;
      const meant = didYouMean(target, allowed);
      errors.push(
        new CaissonError("CAISSON_FLOW_LINK", {
          subject: `${path}.links[${index}].to`,
          found: `${quote(target)}, which is no node, and no port that the flow links`,
          allowed: allowed.join(", "),
          action: meant === undefined
            ? `Correct the name; or link ${name}/${target} in the flow, or say "ports": [${
              quote(target)
            }] beside the links.`
            : `Did you mean ${quote(meant)}?`,
        }),
      );
    }
  }
  const targets = new Set(links.flatMap(({ to }) => to));
  for (const [index, port] of (ports ?? []).entries()) {
    if (targets.has(port)) continue;
    const meant = didYouMean(port, [...targets]);
    errors.push(
      new CaissonError("CAISSON_FLOW_LINK", {
        subject: `${path}.ports[${index}]`,
        found: `${quote(port)}, to which no link leads`,
        allowed: [...targets].filter((target) => !Object.hasOwn(nodes, target)).join(", ") || "none",
        ...(meant === undefined ? {} : { action: `Did you mean ${quote(meant)}?` }),
      }),
    );
  }
  return errors;
}
