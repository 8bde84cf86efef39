/** Makes nodes of a flow of the steps that plugins do inside pipelines. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { compilePipeline } from "../pipeline/compile.ts";
import { cutGraph } from "./cut_graph.ts";
import { cutList, type CutPipeline, partName } from "./cut_pipeline.ts";
import type {
  FlowDefinition,
  FlowLinkDefinition,
  LinkDefinition,
  OperatorDefinition,
  PipelineDefinition,
} from "./flow_definition.ts";

/** What was written, by the links of what was made of it: a command that changes a connector makes another flow with the same. */
const written = new WeakMap<FlowDefinition["links"], {
  readonly flow: FlowDefinition;
  /** Paths of the steps that became processors. */
  readonly places: ReadonlyMap<string, string>;
}>();

/** The flow as it was before {@linkcode splitPipelines}. */
export function asWritten(flow: FlowDefinition): FlowDefinition {
  return written.get(flow.links)?.flow ?? flow;
}

/** Where in its flow a processor was written: among the processors, or as a step of a pipeline. */
export function placeOf(flow: FlowDefinition, processor: string): string {
  return written.get(flow.links)?.places.get(processor) ?? `processors.${processor}`;
}

/**
 * Replaces each pipeline with `processor` steps, in a list or in a graph, by pipelines, processors and links; a flow
 * without any is returned as it is.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` or `CAISSON_FLOW_LINK` for what is wrong in such a pipeline, and for a name
 * that one of its parts needs
 */
export function splitPipelines(flow: FlowDefinition): FlowDefinition {
  const cuts = new Map<string, CutPipeline>();
  for (const [name, definition] of Object.entries(flow.pipelines ?? {})) {
    if (!hasProcessor(definition)) continue;
    // With the paths of what was written: in the parts there are others.
    compilePipeline(withoutProcessors(definition), `${flow.name}: pipelines.${name}`);
    cuts.set(name, "nodes" in definition ? cutGraph(name, definition) : cutList(name, listOf(definition)));
  }
  if (cuts.size === 0) return flow;
  const pipelines: Record<string, PipelineDefinition> = {};
  for (const [name, definition] of Object.entries(flow.pipelines!)) {
    Object.assign(pipelines, cuts.get(name)?.pipelines ?? { [name]: definition });
  }
  const added = [...cuts.values()];
  checkNames(flow, cuts);
  const passing: LinkDefinition[] = [];
  /** A node that only passes on, before or behind parts. */
  const pass = (pipeline: string, what: string, link: (name: string) => readonly LinkDefinition[]): string => {
    const name = partName(pipeline, what);
    if (!Object.hasOwn(pipelines, name)) {
      pipelines[name] = [];
      passing.push(...link(name));
    }
    return name;
  };
  const links = flow.links.flatMap((link, index) => {
    const relinked = relink(link, index, flow, cuts);
    if (link.buffer === undefined) return relinked;
    // A buffer is a file, which one link can have: what it leads to goes apart behind it, what leads to it comes together before.
    const taker = typeof link.to === "string" ? link.to.split("/")[0]! : "";
    const first = cuts.get(taker)?.first ?? [];
    const to = first.length < 2 ? relinked[0]!.to : pass(taker, "in-to-all", (from) => [{ from, to: first }]);
    const [node = "", port = "out"] = link.from.split("/");
    const from = relinked.length < 2 ? relinked[0]!.from : pass(
      node,
      `${port}-of-all`,
      (to) => relinked.map(({ from }) => ({ from, to })),
    );
    return [{ ...link, from, to }];
  });
  const split: FlowDefinition = {
    ...flow,
    pipelines,
    processors: Object.assign({}, flow.processors, ...added.map(({ processors }) => processors)),
    links: [...links, ...passing, ...added.flatMap(({ links }) => links)],
  };
  const places = new Map(
    [...cuts].flatMap(([name, { places }]) =>
      [...places].map(([part, place]) => [part, pathOf(name, place, flow.pipelines![name]!)] as const)
    ),
  );
  written.set(split.links, { flow, places });
  return split;
}

function pathOf(pipeline: string, place: string, definition: PipelineDefinition): string {
  const list = "operators" in definition ? ".operators" : "";
  return `pipelines.${pipeline}${place.startsWith("[") ? list : "."}${place}.processor`;
}

function listOf(definition: Exclude<PipelineDefinition, { readonly nodes: unknown }>): readonly OperatorDefinition[] {
  return "operators" in definition ? definition.operators : definition;
}

/** Whether plugins do any of its steps. */
export function hasProcessor(definition: PipelineDefinition): boolean {
  const lists = "nodes" in definition ? Object.values(definition.nodes) : [listOf(definition)];
  return lists.some((steps) => steps.some((step) => "processor" in step));
}

/** The same pipeline with steps that pass everything in place of those that plugins do. */
export function withoutProcessors(definition: PipelineDefinition): PipelineDefinition {
  const passing = (steps: readonly OperatorDefinition[]): readonly OperatorDefinition[] =>
    steps.map((step) => "processor" in step ? { filter: true } : step);
  if ("operators" in definition) return { operators: passing(definition.operators) };
  if (!("nodes" in definition)) return passing(definition);
  const nodes = Object.entries(definition.nodes).map(([name, steps]) => [name, passing(steps)]);
  return { ...definition, nodes: Object.fromEntries(nodes) };
}

function checkNames(flow: FlowDefinition, cuts: ReadonlyMap<string, CutPipeline>): void {
  for (const [name, { pipelines, processors }] of cuts) {
    for (const part of [...Object.keys(pipelines), ...Object.keys(processors)]) {
      for (const kind of ["connectors", "processors", "pipelines"] as const) {
        if (!Object.hasOwn(flow[kind] ?? {}, part)) continue;
        throw new CaissonError("CAISSON_FLOW_INVALID", {
          subject: `${flow.name}: ${kind}.${part}`,
          found: `the name of a part of pipeline ${name}`,
          allowed: "one name for one node",
          action: `Rename ${part}.`,
        });
      }
    }
  }
}

function relink(
  link: FlowLinkDefinition,
  index: number,
  flow: FlowDefinition,
  cuts: ReadonlyMap<string, CutPipeline>,
): FlowLinkDefinition[] {
  const targets = [link.to].flat().flatMap((target: string) => {
    const [node = "", ...port] = target.split("/");
    return (cuts.get(node)?.first ?? [node]).map((first) => [first, ...port].join("/"));
  });
  // As it was written: one target is no list.
  const to = typeof link.to === "string" && targets.length === 1 ? targets[0]! : targets;
  const [node = "", port = "out", ...more] = link.from.split("/");
  const cut = cuts.get(node);
  if (cut === undefined) return [{ ...link, to }];
  const exits = more.length > 0 ? undefined : cut.exits.get(port);
  if (exits === undefined) {
    throw new CaissonError("CAISSON_FLOW_LINK", {
      subject: `${flow.name}: links[${index}].from`,
      found: `nothing in ${node} leads to port ${JSON.stringify([port, ...more].join("/"))}`,
      allowed: [...cut.exits.keys()].map((each) => `${node}/${each}`).join(", "),
    });
  }
  return [...new Set(exits)].map((from) => ({ ...link, from, to }));
}
