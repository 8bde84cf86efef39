/** Turns streams of the builder into a pipeline as data: lists of steps and links. @module */
import type { LinkDefinition, OperatorDefinition, PipelineDefinition } from "../../flow/flow_definition.ts";
import { invalid } from "../invalid.ts";
import type { AnyStream, Origin } from "./stream.ts";

interface Node {
  readonly name: string;
  readonly steps: OperatorDefinition[];
}

/** Where events come from: the port `in`, or a port of a node. */
interface Source {
  readonly node: Node | undefined;
  readonly port: string;
}

/**
 * Lays streams out; a plain chain becomes a plain list.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for streams of several pipelines: there is one port `in`
 */
export function layOut(streams: Readonly<Record<string, AnyStream>>): PipelineDefinition {
  const consumers = countConsumers(Object.values(streams));
  const nodes: Node[] = [];
  const links = new Map<string, Set<string>>();
  const placed = new Map<AnyStream, readonly Source[]>();
  const starts = new Set<AnyStream>();
  // No name of a list may be that of a port.
  let prefix = "step";
  while (Object.keys(streams).some((port) => port.startsWith(prefix))) prefix += "_";
  const newNode = (): Node => {
    const node = { name: `${prefix}${nodes.length + 1}`, steps: [] };
    nodes.push(node);
    return node;
  };

  const link = ({ node, port }: Source, to: string): void => {
    const from = node === undefined ? "in" : port === "out" ? node.name : `${node.name}/${port}`;
    const targets = links.get(from) ?? new Set();
    if (!targets.has(to)) return void links.set(from, targets.add(to));
    // A stream merged with itself gives each event twice, but a link is there once: the second one goes by a list of its own.
    const through = newNode();
    link({ node, port }, through.name);
    link({ node: through, port: "out" }, to);
  };

  /** Where the events of a stream come out. */
  const place = (stream: AnyStream): readonly Source[] => {
    const known = placed.get(stream);
    if (known !== undefined) return known;
    const { from, step } = stream.origin;
    if (from.length === 0) starts.add(stream);
    const sources = from.length === 0
      ? [{ node: undefined, port: "out" }]
      : from.flatMap(({ stream, port }) =>
        place(stream).map((source) => port === "out" ? source : { ...source, port })
      );
    const result = step === undefined ? sources : [{ node: append(sources, from, step), port: "out" }];
    placed.set(stream, result);
    return result;
  };

  /** To the list its only source ends with, else to a list of its own. */
  const append = (
    sources: readonly Source[],
    from: Origin["from"],
    step: OperatorDefinition,
  ): Node => {
    const [only] = sources;
    const before = from[0]?.stream;
    const continues = sources.length === 1 && only!.node !== undefined && only!.port === "out" &&
      before !== undefined &&
      from.length === 1 && consumers.get(before) === 1 && before.origin.step !== undefined &&
      only!.node.steps.at(-1) === before.origin.step;
    const node = continues ? only!.node! : newNode();
    if (!continues) { for (const source of sources) link(source, node.name); }
    node.steps.push(step);
    return node;
  };

  for (const [port, stream] of Object.entries(streams)) {
    for (const source of place(stream)) link(source, port);
  }
  if (starts.size > 1) {
    throw invalid(
      "pipeline",
      `streams that start with ${starts.size} calls of pipeline()`,
      "streams of one pipeline: all would be fed by the same port in",
      "Branch one pipeline, or build several and link them in the flow.",
    );
  }
  const written: LinkDefinition[] = [...links].map(([from, to]) => ({
    from,
    to: to.size === 1 ? [...to][0]! : [...to],
  }));
  const plain = nodes.length <= 1 && Object.keys(streams).join() === "out" &&
    written.every(({ from, to }) => (from === "in" || from === nodes[0]?.name) && typeof to === "string");
  if (plain) return nodes[0]?.steps ?? [];
  const ports = Object.keys(streams).filter((port) => port !== "out" && port !== "err");
  return {
    nodes: Object.fromEntries(nodes.map(({ name, steps }) => [name, steps])),
    links: written,
    ...(ports.length === 0 ? {} : { ports }),
  };
}

/** How many streams or ports are fed by each stream. */
function countConsumers(ends: readonly AnyStream[]): ReadonlyMap<AnyStream, number> {
  const counts = new Map<AnyStream, number>();
  const visit = (stream: AnyStream): void => {
    const seen = counts.get(stream);
    counts.set(stream, (seen ?? 0) + 1);
    if (seen !== undefined) return;
    for (const { stream: before } of stream.origin.from) visit(before);
  };
  for (const end of ends) visit(end);
  return counts;
}
