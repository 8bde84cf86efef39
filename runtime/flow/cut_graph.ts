/** Cuts a pipeline that is a graph at the nodes that plugins do: what is between them stays fused. @module */
import { portsOf } from "../pipeline/ports.ts";
import { beginningsOf, type CutPipeline, isProcessor, partName, type Run, runsOf } from "./cut_pipeline.ts";
import type {
  LinkDefinition,
  OperatorDefinition,
  PipelineDefinition,
  PipelineGraph,
  ProcessorDefinition,
} from "./flow_definition.ts";

/** A list of steps without processors, or one processor. */
interface Piece {
  readonly name: string;
  readonly run: Run;
  /** Where it was written. */
  readonly place: string;
}

/** From `in` or a piece to a piece, or to a port of the pipeline. */
interface Wire {
  readonly from: string;
  readonly port: string;
  readonly to: string;
}

/**
 * Pieces that stay one pipeline. All that comes in from outside comes from the same places and goes to the same pieces, so
 * that one port `in` is enough; and everything in it follows its entry, so that parts never feed each other in a circle.
 */
interface Region {
  readonly part: string;
  /** Where its events come from, as `piece/port`. */
  readonly entry: ReadonlySet<string>;
  readonly pieces: Piece[];
}

/** Cuts a graph with processors; its links were checked. */
export function cutGraph(name: string, graph: PipelineGraph): CutPipeline {
  const { pieces, wires } = piecesOf(graph);
  const byName = new Map(pieces.map((piece) => [piece.name, piece]));
  const regions = regionsOf(name, pieces, wires);
  const regionOf = new Map(regions.flatMap((region) => region.pieces.map((piece) => [piece.name, region] as const)));
  const partOf = (piece: string): string => regionOf.get(piece)?.part ?? partName(name, piece);

  const pipelines: Record<string, PipelineDefinition> = {};
  const processors: Record<string, ProcessorDefinition> = {};
  const exits = new Map<string, string[]>();
  const places = new Map<string, string>();
  const links = new Map<string, Set<string>>();
  const outward = (from: string, to: string): void => {
    if (!byName.has(to)) exits.set(to, [...exits.get(to) ?? [], from]);
    else links.set(from, (links.get(from) ?? new Set()).add(partOf(to)));
  };

  const begins = wires.filter(({ from }) => from === "in").map(({ to }) => to);
  let first = [...new Set(begins.map(partOf))];
  if (begins.some((to) => !byName.has(to))) {
    // What goes from in to a port needs a node that takes it.
    const part = partName(name, "in");
    pipelines[part] = [];
    first = [part];
    for (const to of begins) outward(part, to);
  }
  for (const { name: piece, run, place } of pieces) {
    if (!isProcessor(run)) continue;
    const part = partOf(piece);
    processors[part] = run;
    places.set(part, place);
    exits.set("err", [...exits.get("err") ?? [], `${part}/err`]);
    for (const { from, to } of wires) if (from === piece) outward(part, to);
  }
  for (const region of regions) {
    const { definition, leaving } = fused(region, wires, byName);
    pipelines[region.part] = definition;
    exits.set("err", [...exits.get("err") ?? [], `${region.part}/err`]);
    for (const { port, to } of leaving) outward(port === "out" ? region.part : `${region.part}/${port}`, to);
  }
  return {
    first,
    pipelines,
    processors,
    places,
    links: [...links].map(([from, to]): LinkDefinition => ({ from, to: to.size === 1 ? [...to][0]! : [...to] })),
    exits,
  };
}

/** Cuts each node, and says what leads where: pieces in an order in which none comes before one that feeds it. */
function piecesOf({ nodes, links }: PipelineGraph): { readonly pieces: readonly Piece[]; readonly wires: Wire[] } {
  const taken = new Set(Object.keys(nodes));
  const cut = new Map<string, Piece[]>();
  const wires: Wire[] = [];
  for (const [node, steps] of Object.entries(nodes)) {
    const runs = steps.length === 0 ? [[] as OperatorDefinition[]] : runsOf(steps);
    const begins = beginningsOf(runs);
    const pieces = runs.map((run, index) => ({
      name: index === 0 ? node : free(`${node}-${index + 1}`, taken),
      run,
      place: `nodes.${node}[${begins[index]!}]`,
    }));
    cut.set(node, pieces);
    for (const [index, { name }] of pieces.slice(1).entries()) {
      wires.push({ from: pieces[index]!.name, port: "out", to: name });
    }
  }
  for (const link of links) {
    const [node = "", port = "out"] = link.from.split("/");
    const pieces = cut.get(node);
    const having = pieces?.filter(({ run }, index) =>
      port === "out" ? index + 1 === pieces.length : !isProcessor(run) && stepPorts(run).includes(port)
    ).map(({ name }) =>
      name
    ) ?? ["in"];
    for (const to of [link.to].flat()) for (const from of having) wires.push({ from, port, to: to as string });
  }
  const ordered: Piece[] = [];
  const waiting = new Map([...cut.values()].flat().map((piece) => [piece.name, piece]));
  while (waiting.size > 0) {
    for (const piece of [...waiting.values()]) {
      if (wires.some(({ from, to }) => to === piece.name && waiting.has(from))) continue;
      ordered.push(piece);
      waiting.delete(piece.name);
    }
  }
  return { pieces: ordered, wires };
}

/** Ports that steps emit to beside `out`. */
function stepPorts(steps: readonly OperatorDefinition[]): readonly string[] {
  return portsOf(steps).filter((port) => port !== "err" || steps.some(namesErr));
}

/** Whether a step sends events to `err` that did not fail: in a list they would come out with those that did. */
function namesErr(step: OperatorDefinition): boolean {
  if ("bucket" in step) return true;
  if ("branch" in step) return "err" in step.branch;
  if ("roundRobin" in step) return step.roundRobin.ports.includes("err");
  if ("operator" in step) return step.operator().ports?.includes("err") === true;
  return "match" in step && step.match.cases.some(({ to }) => to === "err");
}

function regionsOf(name: string, pieces: readonly Piece[], wires: readonly Wire[]): Region[] {
  const regions: Region[] = [];
  for (const piece of pieces) {
    if (isProcessor(piece.run)) continue;
    const feeds = wires.filter(({ to }) => to === piece.name);
    const joined = regions.find(({ entry, pieces: others }) => {
      const outside = keysOf(feeds.filter(({ from }) => !others.some((other) => other.name === from)));
      return outside.size === 0 || (outside.size === entry.size && outside.isSubsetOf(entry));
    });
    if (joined === undefined) {
      regions.push({ part: partName(name, piece.name), entry: keysOf(feeds), pieces: [piece] });
    } else joined.pieces.push(piece);
  }
  return regions;
}

function keysOf(wires: readonly Wire[]): Set<string> {
  return new Set(wires.map(({ from, port }) => `${from}/${port}`));
}

/** The pieces of a region as one pipeline, and its ports with what they lead to. */
function fused(
  { entry, pieces }: Region,
  wires: readonly Wire[],
  byName: ReadonlyMap<string, Piece>,
): { readonly definition: PipelineDefinition; readonly leaving: readonly { port: string; to: string }[] } {
  const inside = new Set(pieces.map(({ name }) => name));
  const [only] = pieces;
  const steps = only!.run as readonly OperatorDefinition[];
  if (pieces.length === 1 && !steps.some(namesErr)) {
    const leaving = wires.filter(({ from }) => from === only!.name);
    return { definition: steps, leaving };
  }
  const taken = new Set([...byName.keys(), "in", "out", "err"]);
  const links = new Map<string, Set<string>>();
  const link = (from: string, to: string): void => void links.set(from, (links.get(from) ?? new Set()).add(to));
  const leaving: { port: string; to: string }[] = [];
  const exit = new Map<string, string>();
  for (const { from, port, to } of wires) {
    const key = port === "out" ? from : `${from}/${port}`;
    if (inside.has(to)) link(entry.has(`${from}/${port}`) ? "in" : key, to);
    else if (inside.has(from)) {
      // A port for each of the pipeline's, as two of them may lead to the same sink.
      const leadsTo = byName.has(to) ? "" : `-${to}`;
      let name = exit.get(key + leadsTo);
      if (name === undefined) exit.set(key + leadsTo, name = free(`${from}-${port}${leadsTo}`, taken));
      link(key, name);
      leaving.push({ port: name, to });
    }
  }
  return {
    definition: {
      nodes: Object.fromEntries(pieces.map(({ name, run }) => [name, run as readonly OperatorDefinition[]])),
      links: [...links].map(([from, to]) => ({ from, to: to.size === 1 ? [...to][0]! : [...to] })),
      ports: [...exit.values()],
    },
    leaving,
  };
}

/** A name that is not taken yet, and is now. */
function free(name: string, taken: Set<string>): string {
  const short = name.slice(0, 56);
  let found = short;
  for (let number = 2; taken.has(found); number++) found = `${short}-${number}`;
  taken.add(found);
  return found;
}
