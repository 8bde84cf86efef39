/** A pipeline that is a graph of lists: checks the links and compiles the lists. @module */
import type { LinkDefinition, PipelineGraph } from "../flow/flow_definition.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { attempt, type Report } from "../errors/report.ts";
import { meantBy } from "../manifest/schema_issue.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { CompiledPipeline, Wire } from "./compiled_pipeline.ts";
import type { Operator } from "./operator.ts";

/** Compiles one list of steps. */
type CompileList = (steps: PipelineGraph["nodes"][string], path: string, report?: Report) => readonly Operator[];

/**
 * Compiles a graph.
 *
 * @param report takes all errors, and what is compiled is not to be used then; without it the first one is thrown
 * @throws {CaissonError} `CAISSON_FLOW_LINK` for a node or port that is not there, a cycle, a node nothing leads to or
 * that leads nowhere; what compiling a step throws
 */
export function compileGraph(
  { nodes, links }: PipelineGraph,
  path: string,
  compile: CompileList,
  report?: Report,
): CompiledPipeline {
  let failed = false;
  const told: Report | undefined = report === undefined ? undefined : (error) => {
    failed = true;
    report(error);
  };
  const names = Object.keys(nodes);
  for (const name of names) {
    if (name !== "in" && name !== "out" && name !== "err") continue;
    attempt(told, () => {
      const allowed = "another name: the pipeline has a port of that name";
      throw refused(`${path}.nodes.${name}`, `a node called ${name}`, allowed);
    });
  }
  const operators = new Map(names.map((name) => [name, compile(nodes[name]!, `${path}.nodes.${name}`, told)]));
  const wires = new Map<string, { node: string; port: string; chains: string[]; ports: string[] }>();
  const portsOf = (name: string): string[] => ["out", ...operators.get(name)!.flatMap((each) => each.ports ?? [])];
  const wanted = new Set<string>();
  // Where a step leads that could not be compiled, nobody knows.
  if (failed) return nothing;
  const add = (link: LinkDefinition, at: string): void => {
    const [node = "", port = "out", ...more] = link.from.split("/");
    if (node !== "in" && !operators.has(node) || more.length > 0) {
      throw refused(`${at}.from`, quote(link.from), ["in", ...names].join(", "), meantBy(node, ["in", ...names]));
    }
    const ports = node === "in" ? ["out"] : portsOf(node);
    if (!ports.includes(port)) {
      throw refused(
        `${at}.from`,
        `${node} has no port ${quote(port)}`,
        [...new Set(ports)].map((each) => `${node}/${each}`).join(", "),
        meantBy(port, ports),
      );
    }
    const key = `${node}/${port}`;
    let wire = wires.get(key);
    if (wire === undefined) wires.set(key, wire = { node, port, chains: [], ports: [] });
    for (const to of typeof link.to === "string" ? [link.to] : link.to) {
      const into = operators.has(to) ? wire.chains : wire.ports;
      if (to === "in" || to.includes("/")) {
        throw refused(`${at}.to`, quote(to), [...names, "out", "err", "another port"].join(", "));
      }
      if (into.includes(to)) throw refused(`${at}.to`, `${key} -> ${to} twice`, "each link once");
      into.push(to);
      if (into === wire.ports && to !== "out" && to !== "err") wanted.add(to);
    }
  };
  for (const [index, link] of links.entries()) attempt(told, () => add(link, `${path}.links[${index}]`));
  // A link that is missing makes nodes seem to be alone.
  if (failed) return nothing;
  for (const name of names) {
    if (!portsOf(name).includes("err") || wires.has(`${name}/err`)) continue;
    // As in a plain list: what a step sends to `err` is not lost because nobody thought of that port.
    wires.set(`${name}/err`, { node: name, port: "err", chains: [], ports: ["err"] });
  }
  const ends = names.find((name) => ![...wires.values()].some(({ node }) => node === name));
  const order = attempt(told, () => ordered(names, [...wires.values()], path)) ?? [];
  attempt(told, () => {
    if (ends === undefined) return;
    throw refused(`${path}.nodes.${ends}`, "no link leads from it", "a link from it, or no such node");
  });
  return {
    chains: order.map((name) => ({ name, operators: operators.get(name)! })),
    wires: [...wires.values()],
    ports: [...wanted],
  };
}

const nothing: CompiledPipeline = { chains: [], wires: [], ports: [] };

/** Nodes so that each comes before those it feeds. */
function ordered(names: readonly string[], wires: readonly Wire[], path: string): string[] {
  const done: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, way: readonly string[]): void => {
    if (state.get(name) === "done") return;
    if (state.get(name) === "open") {
      const cycle = [...way.slice(way.indexOf(name)), name].join(" -> ");
      throw refused(`${path}.links`, `a cycle: ${cycle}`, "links without a cycle");
    }
    state.set(name, "open");
    for (const { node, chains } of wires) {
      if (node === name) { for (const next of chains) visit(next, [...way, name]); }
    }
    state.set(name, "done");
    done.unshift(name);
  };
  visit("in", []);
  const unreachable = names.filter((name) => !state.has(name));
  // A cycle that nothing leads to is a cycle first.
  for (const name of unreachable) visit(name, []);
  if (unreachable.length > 0) {
    throw refused(`${path}.nodes.${unreachable[0]}`, "no link leads to it from in", "nodes that events reach");
  }
  return done.filter((name) => name !== "in");
}

function refused(subject: string, found: string, allowed: string, action?: string): CaissonError {
  return new CaissonError("CAISSON_FLOW_LINK", {
    subject,
    found,
    allowed,
    ...(action === undefined ? {} : { action }),
  });
}
