/** The ports a pipeline has, without compiling it. @module */
import type { OperatorDefinition, PipelineDefinition } from "../flow/flow_definition.ts";

/** Ports of the steps that always have the same. */
const fixed: Readonly<Record<string, readonly string[]>> = {
  bucket: ["overflow"],
  throttle: ["overflow"],
  backpressure: ["overflow"],
  percentile: ["overflow"],
};

/** Output ports of a pipeline: `out`, `err` and what its steps, or its links, name; of a graph `out` only if a link leads there. */
export function portsOf(definition: PipelineDefinition): string[] {
  if ("nodes" in definition) {
    const ports = definition.links.flatMap(({ to }) => to).filter((to) => !Object.hasOwn(definition.nodes, to));
    return [...new Set([...ports.includes("out") ? ["out"] : [], "err", ...ports])];
  }
  const ports = ("operators" in definition ? definition.operators : definition).flatMap(portsOfStep);
  return [...new Set(["out", "err", ...ports])];
}

function portsOfStep(step: OperatorDefinition): readonly string[] {
  if ("branch" in step) return Object.keys(step.branch);
  if ("roundRobin" in step) return step.roundRobin.ports;
  if ("match" in step) return step.match.cases.flatMap(({ to }) => to ?? []);
  if ("select" in step) return step.select.window === undefined ? [] : ["overflow", ...latePort(step.select.window)];
  // What ports a function's operator has, only the function knows.
  if ("operator" in step) return step.operator().ports ?? [];
  return fixed[Object.keys(step)[0] ?? ""] ?? [];
}

function latePort(window: object): readonly string[] {
  const single = Array.isArray(window) ? (window.length === 1 ? window[0] as object : {}) : window;
  const text = Object.values(single)[0] as Readonly<Record<string, unknown>> | undefined;
  return "session" in single || text?.["everyMs"] !== undefined || text?.["time"] !== undefined ? ["late"] : [];
}
