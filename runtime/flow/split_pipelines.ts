/** Cuts pipelines at the steps that plugins do: what is between them stays fused. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { portsOf } from "../pipeline/ports.ts";
import type {
  FlowDefinition,
  FlowLinkDefinition,
  LinkDefinition,
  OperatorDefinition,
  PipelineDefinition,
  ProcessorDefinition,
} from "./flow_definition.ts";

interface Split {
  readonly first: string;
  readonly last: string;
  /** Parts that are pipelines, with their definitions. */
  readonly parts: Readonly<Record<string, PipelineDefinition>>;
  readonly processors: Readonly<Record<string, ProcessorDefinition>>;
  readonly links: readonly LinkDefinition[];
}

/**
 * Replaces each pipeline with `processor` steps by pipelines, processors and links; a flow without any is returned as
 * it is.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for a `processor` step inside a graph of steps
 */
export function splitPipelines(flow: FlowDefinition): FlowDefinition {
  const splits = new Map<string, Split>();
  for (const [name, definition] of Object.entries(flow.pipelines ?? {})) {
    if ("nodes" in definition) {
      refuseInside(flow.name, name, definition.nodes);
      continue;
    }
    const steps = "operators" in definition ? definition.operators : definition;
    if (steps.some((step) => "processor" in step)) splits.set(name, split(name, steps));
  }
  if (splits.size === 0) return flow;
  const pipelines: Record<string, PipelineDefinition> = {};
  for (const [name, definition] of Object.entries(flow.pipelines!)) {
    const parts = splits.get(name)?.parts;
    Object.assign(pipelines, parts ?? { [name]: definition });
  }
  const added = [...splits.values()];
  return {
    ...flow,
    pipelines,
    processors: Object.assign({}, flow.processors, ...added.map(({ processors }) => processors)),
    links: [...flow.links.flatMap((link) => relink(link, splits)), ...added.flatMap(({ links }) => links)],
  };
}

function split(name: string, steps: readonly OperatorDefinition[]): Split {
  const parts: Record<string, PipelineDefinition> = {};
  const processors: Record<string, ProcessorDefinition> = {};
  const order: string[] = [];
  let run: OperatorDefinition[] = [];
  const close = (): void => {
    if (run.length === 0) return;
    const part = `${name}-part-${order.length + 1}`;
    parts[part] = run;
    order.push(part);
    run = [];
  };
  for (const step of steps) {
    if (!("processor" in step)) {
      run.push(step);
      continue;
    }
    close();
    const part = `${name}-part-${order.length + 1}`;
    processors[part] = step.processor;
    order.push(part);
  }
  close();
  const links = order.slice(1).map((to, index): LinkDefinition => ({ from: order[index]!, to }));
  return { first: order[0]!, last: order.at(-1)!, parts, processors, links };
}

function relink(link: FlowLinkDefinition, splits: ReadonlyMap<string, Split>): FlowLinkDefinition[] {
  const { from, to } = link;
  const targets = (typeof to === "string" ? [to] : to).map((target) =>
    splits.get(target.split("/")[0]!)?.first ?? target
  );
  const [node = "", port = "out"] = from.split("/");
  const parts = splits.get(node);
  if (parts === undefined) return [{ ...link, to: targetsOf(to, targets) }];
  if (port === "out") return [{ ...link, from: parts.last, to: targetsOf(to, targets) }];
  // A side port belongs to the parts that have it; a name none has is refused at the last one.
  const having = Object.keys(parts.parts).filter((part) => portsOf(parts.parts[part]!).includes(port));
  if (port === "err") having.push(...Object.keys(parts.processors));
  return (having.length > 0 ? having : [parts.last]).map((part) => ({
    ...link,
    from: `${part}/${port}`,
    to: targetsOf(to, targets),
  }));
}

/** As it was written: one target is no list. */
function targetsOf(to: FlowLinkDefinition["to"], targets: readonly string[]): FlowLinkDefinition["to"] {
  return typeof to === "string" ? targets[0]! : targets;
}

function refuseInside(
  flow: string,
  name: string,
  nodes: Readonly<Record<string, readonly OperatorDefinition[]>>,
): void {
  for (const [node, steps] of Object.entries(nodes)) {
    const index = steps.findIndex((step) => "processor" in step);
    if (index < 0) continue;
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${flow}: pipelines.${name}.nodes.${node}[${index}].processor`,
      found: "a processor inside a graph of steps",
      allowed: "processors in a plain list of steps, or in the processors of the flow with links",
    });
  }
}
