/** Which pipelines have a state that can be kept. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import type { Graph } from "./graph.ts";

/** Whether any of its operators remembers anything. */
export function hasState({ chains }: CompiledPipeline): boolean {
  return chains.some(({ operators }) => operators.some((operator) => operator.snapshot !== undefined));
}

/**
 * Checks that a pipeline is fed by one source and nothing else: with two, the order of their events is another each time, and a
 * position in it means nothing.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID`
 */
export function checkReplayable(flow: string, pipeline: string, { links, nodes }: Graph): void {
  if (links.some(({ to, buffer }) => to.node === pipeline && buffer !== undefined)) {
    // The buffer gives only what is left, and the pipeline would skip as many events as it had taken: they would be lost.
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${flow}: state`,
      found: `${pipeline}, which has a state and is fed through a buffer`,
      allowed: "pipelines with a state that are fed by their source itself",
      action: "Remove the buffer in front of it (one behind it is fine), or remove the state of the flow.",
    });
  }
  if (links.some(({ to, retry }) => to.node === pipeline && retry !== undefined)) {
    // An event that comes a second time would be counted as two.
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${flow}: state`,
      found: `${pipeline}, which has a state and is fed by a link with a retry`,
      allowed: "pipelines with a state that get each event once",
      action: "Put the retry on a link behind the pipeline, or remove the state of the flow.",
    });
  }
  const feeding = links.filter(({ to }) => to.node === pipeline).map(({ from }) => from.node);
  if (feeding.length === 1 && nodes.get(feeding[0]!) === "connector") return;
  throw new CaissonError("CAISSON_FLOW_INVALID", {
    subject: `${flow}: state`,
    found: `${pipeline}, which has a state and is fed by ${feeding.join(", ")}`,
    allowed: "pipelines with a state that are fed by one source",
    action: "Put all steps behind the source into one pipeline, or remove the state of the flow.",
  });
}
