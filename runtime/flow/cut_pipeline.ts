/** Cuts a pipeline that is a list at the steps that plugins do: what is between them stays fused. @module */
import { portsOf } from "../pipeline/ports.ts";
import type { LinkDefinition, OperatorDefinition, PipelineDefinition, ProcessorDefinition } from "./flow_definition.ts";

/** A pipeline as nodes of its flow. */
export interface CutPipeline {
  /** Parts that take what the pipeline is given, each of them all of it. */
  readonly first: readonly string[];
  /** Parts that are pipelines. */
  readonly pipelines: Readonly<Record<string, PipelineDefinition>>;
  /** Parts that plugins do. */
  readonly processors: Readonly<Record<string, ProcessorDefinition>>;
  /** Where in the pipeline each of those was written, as `[2]` or `nodes.geo[0]`. */
  readonly places: ReadonlyMap<string, string>;
  /** Between the parts. */
  readonly links: readonly LinkDefinition[];
  /** For each port of the pipeline where its events come out, as `part` or `part/port`. */
  readonly exits: ReadonlyMap<string, readonly string[]>;
}

/** Name of a part of a pipeline. */
export function partName(pipeline: string, part: string | number): string {
  return `${pipeline}-part-${part}`;
}

/** Whether a node of a flow is part of the pipeline of that name. */
export function isPartOf(node: string, pipeline: string): boolean {
  return node.startsWith(partName(pipeline, ""));
}

/** Steps between processors, or one of those. */
export type Run = readonly OperatorDefinition[] | ProcessorDefinition;

/** Whether a run is one processor. */
export function isProcessor(run: Run): run is ProcessorDefinition {
  return "type" in run;
}

/** Cuts steps before and behind each processor. */
export function runsOf(steps: readonly OperatorDefinition[]): Run[] {
  const runs: Run[] = [];
  let open: OperatorDefinition[] | undefined;
  for (const step of steps) {
    if ("processor" in step) {
      runs.push(step.processor);
      open = undefined;
    } else if (open === undefined) runs.push(open = [step]);
    else open.push(step);
  }
  return runs;
}

/** Where each run begins in its list. */
export function beginningsOf(runs: readonly Run[]): number[] {
  let at = 0;
  return runs.map((run) => {
    const begins = at;
    at += isProcessor(run) ? 1 : run.length;
    return begins;
  });
}

/** Cuts a list with processors. */
export function cutList(name: string, steps: readonly OperatorDefinition[]): CutPipeline {
  const pipelines: Record<string, PipelineDefinition> = {};
  const processors: Record<string, ProcessorDefinition> = {};
  const order: string[] = [];
  const exits = new Map<string, string[]>();
  const leaves = (port: string, from: string): void => void exits.set(port, [...exits.get(port) ?? [], from]);
  const places = new Map<string, string>();
  const runs = runsOf(steps);
  const begins = beginningsOf(runs);
  for (const [index, run] of runs.entries()) {
    const part = partName(name, index + 1);
    order.push(part);
    if (isProcessor(run)) {
      processors[part] = run;
      places.set(part, `[${begins[index]!}]`);
    } else pipelines[part] = index + 1 < runs.length ? run.map(pastTheRest) : run;
  }
  for (const [part, definition] of Object.entries(pipelines)) {
    for (const port of portsOf(definition)) {
      if (port !== "out") leaves(port === PAST ? "out" : port, `${part}/${port}`);
    }
  }
  for (const part of Object.keys(processors)) leaves("err", `${part}/err`);
  leaves("out", order.at(-1)!);
  const links = order.slice(1).map((to, index): LinkDefinition => ({ from: order[index]!, to }));
  return { first: [order[0]!], pipelines, processors, places, links, exits };
}

/** Port of a part for what its steps send to the pipeline's `out`, past the parts behind it. */
const PAST = "past";

/** A step whose port `out` is that of the whole pipeline, while `out` of its part leads to the next one. */
function pastTheRest(step: OperatorDefinition): OperatorDefinition {
  const renamed = (port: string): string => port === "out" ? PAST : port;
  if ("match" in step) {
    const cases = step.match.cases.map((each) => each.to === undefined ? each : { ...each, to: renamed(each.to) });
    return { match: { ...step.match, cases } };
  }
  if ("branch" in step) {
    return { branch: Object.fromEntries(Object.entries(step.branch).map(([port, holds]) => [renamed(port), holds])) };
  }
  if ("roundRobin" in step) return { roundRobin: { ports: step.roundRobin.ports.map(renamed) } };
  return step;
}
