/** The nodes and links of a flow, checked before anything starts. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { attempt, type Report } from "../errors/report.ts";
import { meantBy } from "../manifest/schema_issue.ts";
import { portsOf } from "../pipeline/ports.ts";
import { resolve } from "@std/path";
import { checkDeadLetters, deadLetterOf } from "./check_dead_letters.ts";
import type { BufferDefinition, FlowDefinition, FlowLinkDefinition, RetryDefinition } from "./flow_definition.ts";

/** What a node is. */
export type NodeKind = "connector" | "processor" | "pipeline";

/** One end of a link. */
export interface Port {
  /** Name of the node. */
  readonly node: string;
  /** Name of the port. */
  readonly port: string;
}

/** One checked link. */
export interface Link {
  /** Where events come from. */
  readonly from: Port;
  /** Where they go. */
  readonly to: Port;
  /** What makes it durable. */
  readonly buffer?: BufferDefinition;
  /** How often failed events are tried. */
  readonly retry?: RetryDefinition;
  /** Connector that takes what is given up. */
  readonly deadLetter?: string;
}

/** A flow's nodes with their links, without cycles. */
export interface Graph {
  /** Kind of each node. */
  readonly nodes: ReadonlyMap<string, NodeKind>;
  /** Every link, fan-out written out. */
  readonly links: readonly Link[];
  /** Connectors that read. */
  readonly sources: readonly string[];
  /** Connectors that write, dead letters among them. */
  readonly sinks: readonly string[];
  /** Connectors that take what links give up. */
  readonly deadLetters: readonly string[];
  /** Processors and pipelines, downstream ones first. */
  readonly inner: readonly string[];
}

const OUTPUT_PORTS: Readonly<Record<NodeKind, readonly string[]>> = {
  connector: ["out", "err"],
  processor: ["out", "err"],
  pipeline: ["out", "err"],
};

/** How a graph is checked. */
export interface GraphOptions {
  /** What errors begin with. @default {the name of the flow} */
  readonly label?: string;
  /** Takes all errors, and the graph is not to be used then. @default {the first one is thrown} */
  readonly report?: Report;
}

/**
 * Builds and checks the graph of a flow.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for a name used twice, `CAISSON_FLOW_LINK` for a link that cannot be
 */
export function buildGraph(flow: FlowDefinition, { label = flow.name, report }: GraphOptions = {}): Graph {
  let failed = false;
  const told: Report | undefined = report === undefined ? undefined : (error) => {
    failed = true;
    report(error);
  };
  const nodes = new Map<string, NodeKind>();
  const addNodes = (kind: NodeKind, names: readonly string[]): void => {
    for (const name of names) {
      attempt(told, () => {
        if (nodes.has(name)) {
          throw new CaissonError("CAISSON_FLOW_INVALID", {
            subject: `${label}: ${kind}s.${name}`,
            found: `the name is a ${nodes.get(name)} already`,
            allowed: "one name for one node",
          });
        }
        nodes.set(name, kind);
      });
    }
  };
  addNodes("connector", Object.keys(flow.connectors));
  addNodes("processor", Object.keys(flow.processors ?? {}));
  addNodes("pipeline", Object.keys(flow.pipelines ?? {}));

  const links: Link[] = [];
  const seen = new Set<string>();
  const files = new Set<string>();
  const add = (link: FlowLinkDefinition, index: number): void => {
    const from = parsePort(
      link.from,
      "out",
      nodes,
      `${label}: links[${index}].from`,
    );
    const kind = nodes.get(from.node)!;
    const pipeline = kind === "pipeline" ? flow.pipelines![from.node] : undefined;
    checkPort(
      from,
      pipeline === undefined ? OUTPUT_PORTS[kind] : portsOf(pipeline),
      `${label}: links[${index}].from`,
    );
    if (link.buffer !== undefined) checkBuffer(link.buffer, link.to, files, `${label}: links[${index}]`);
    for (const target of typeof link.to === "string" ? [link.to] : link.to) {
      const subject = `${label}: links[${index}].to`;
      const to = parsePort(target, "in", nodes, subject);
      checkPort(to, ["in"], subject);
      const key = `${from.node}/${from.port} -> ${to.node}/${to.port}`;
      if (seen.has(key)) {
        throw new CaissonError("CAISSON_FLOW_LINK", {
          subject,
          found: `${key} twice`,
          allowed: "each link once",
        });
      }
      seen.add(key);
      const deadLetter = deadLetterOf(flow, link, kind === "connector");
      links.push({
        from,
        to,
        ...(link.buffer === undefined ? {} : { buffer: link.buffer }),
        ...(link.retry === undefined ? {} : { retry: link.retry }),
        ...(deadLetter === undefined ? {} : { deadLetter }),
      });
    }
  };
  for (const [index, link] of flow.links.entries()) attempt(told, () => add(link, index));
  const sources = unique(
    links.map(({ from }) => from.node),
    "connector",
    nodes,
  );
  attempt(told, () => checkDeadLetters(flow, links, label));
  const deadLetters = unique(links.map(({ deadLetter }) => deadLetter ?? ""), "connector", nodes);
  const sinks = [...deadLetters, ...unique(links.map(({ to }) => to.node), "connector", nodes)];
  const inner = attempt(told, () => orderInner(label, nodes, links)) ?? [];
  // A link that was refused makes nodes seem to be alone.
  const alone = failed
    ? []
    : [...nodes].filter(([name, kind]) =>
      kind === "connector"
        ? !sources.includes(name) && !sinks.includes(name)
        : !links.some(({ to }) => to.node === name)
    );
  for (const [name, kind] of alone) {
    attempt(told, () => {
      throw new CaissonError("CAISSON_FLOW_LINK", {
        subject: `${label}: ${kind}s.${name}`,
        found: kind === "connector" ? "no link" : "no link leads to it",
        allowed: "every node linked",
        action: `Add a link for ${name}, or remove it.`,
      });
    });
  }
  return { nodes, links, sources, sinks, deadLetters, inner };
}

function checkBuffer(
  buffer: BufferDefinition,
  to: string | readonly string[],
  files: Set<string>,
  subject: string,
): void {
  if (typeof to !== "string" && to.length > 1) {
    throw new CaissonError("CAISSON_FLOW_LINK", {
      subject: `${subject}.buffer`,
      found: `${to.length} targets`,
      allowed: "one target",
      action: "Write a link with a buffer of its own for each target.",
    });
  }
  const path = resolve(buffer.path);
  if (files.has(path)) {
    throw new CaissonError("CAISSON_FLOW_LINK", {
      subject: `${subject}.buffer.path`,
      found: `${buffer.path}, which another link uses`,
      allowed: "a file of its own",
    });
  }
  files.add(path);
}

function parsePort(
  text: string,
  fallback: string,
  nodes: ReadonlyMap<string, NodeKind>,
  subject: string,
): Port {
  const [node = "", port = fallback, ...rest] = text.split("/");
  if (rest.length > 0 || !nodes.has(node)) {
    throw new CaissonError("CAISSON_FLOW_LINK", {
      subject,
      found: `${JSON.stringify(text)} is not a node`,
      allowed: [...nodes.keys()].join(", "),
      ...actionOf(meantBy(node, [...nodes.keys()])),
    });
  }
  return { node, port };
}

function checkPort(
  { node, port }: Port,
  ports: readonly string[],
  subject: string,
): void {
  if (ports.includes(port)) return;
  throw new CaissonError("CAISSON_FLOW_LINK", {
    subject,
    found: `${node} has no port ${JSON.stringify(port)}`,
    allowed: ports.map((name) => `${node}/${name}`).join(", "),
    ...actionOf(meantBy(port, ports)),
  });
}

function actionOf(action: string | undefined): { readonly action?: string } {
  return action === undefined ? {} : { action };
}

function unique(
  names: readonly string[],
  kind: NodeKind,
  nodes: ReadonlyMap<string, NodeKind>,
): string[] {
  return [...new Set(names)].filter((name) => nodes.get(name) === kind);
}

/** Depth-first over inner nodes; a connector ends a path, so a loop through the outside is no cycle. */
function orderInner(
  label: string,
  nodes: ReadonlyMap<string, NodeKind>,
  links: readonly Link[],
): string[] {
  const ordered: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, path: readonly string[]): void => {
    if (nodes.get(name) === "connector" || state.get(name) === "done") return;
    if (state.get(name) === "open") {
      throw new CaissonError("CAISSON_FLOW_LINK", {
        subject: `${label}: links`,
        found: `a cycle: ${[...path.slice(path.indexOf(name)), name].join(" -> ")}`,
        allowed: "links without a cycle",
      });
    }
    state.set(name, "open");
    for (const { from, to } of links) {
      if (from.node === name) visit(to.node, [...path, name]);
    }
    state.set(name, "done");
    ordered.push(name);
  };
  for (const name of nodes.keys()) visit(name, []);
  return ordered;
}
