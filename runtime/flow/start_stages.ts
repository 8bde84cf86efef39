/** Starts what a connector's codec, preprocessors and postprocessors of plugins need: takers first. @module */
import type { ProcessorPart } from "../connector/contract.ts";
import { StageNode } from "../connector/stage_node.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { ConnectorStage, PluginStage } from "./connector_stages.ts";
import type { Consumer } from "./delivery.ts";
import { Fanout } from "./fanout.ts";
import type { Managed } from "./launch_node.ts";

/** What {@linkcode startStages} needs. */
export interface StartStagesOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** In the order events go through them. */
  readonly stages: readonly ConnectorStage[];
  /** Takes what comes out of the last one. */
  readonly last: Consumer;
  /** Launches the component of one. */
  readonly launch: (stage: PluginStage, managed: () => Managed | undefined) => Promise<ProcessorPart>;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/**
 * Starts the stages, the last one first, and returns what the first one takes.
 *
 * @throws {CaissonError} what the launch throws
 */
export async function startStages(options: StartStagesOptions): Promise<Consumer> {
  let taker = options.last;
  for (const stage of options.stages.toReversed()) taker = await startStage(stage, taker, options);
  return taker;
}

async function startStage(
  stage: ConnectorStage,
  taker: Consumer,
  { alias, launch, onError }: StartStagesOptions,
): Promise<StageNode> {
  const managed: { node?: StageNode } = {};
  const out = new Fanout();
  out.link(taker);
  const { kind, place, input, output } = stage;
  return managed.node = new StageNode({
    alias: `${alias}.${place}`,
    code: codeOf(stage),
    part: "local" in stage ? stage.local : await launch(stage, () => managed.node),
    makes: kind === "codec" ? "each" : "stream",
    input,
    output,
    out,
    onError,
  });
}

/** Code of the error of an event that fails in a stage. */
function codeOf(stage: ConnectorStage): ErrorCode {
  if (stage.kind === "preprocessor") return "CAISSON_PREPROCESSOR_FAILED";
  if (stage.kind === "postprocessor") return "CAISSON_POSTPROCESSOR_FAILED";
  return "direction" in stage && stage.direction === "encode" ? "CAISSON_CODEC_ENCODE" : "CAISSON_CODEC_DECODE";
}
