/** The native kernels of a flow's pipelines: each is a node of its own beside its pipeline. @module */
import type { Preprocessor } from "../codec/codec.ts";
import { SeparatePreprocessor } from "../codec/separate_preprocessor.ts";
import type { ProcessorPart } from "../connector/contract.ts";
import { NativeLines } from "../connector/native_lines.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { Kernel } from "../pipeline/kernel.ts";
import { kernelProgramOf } from "../pipeline/kernel_program.ts";
import { closePipeline, openPipeline } from "../pipeline/open_pipeline.ts";
import type { ReplaceablePipeline } from "../pipeline/replaceable_pipeline.ts";
import { closeNode } from "./close_node.ts";
import type { ConnectorPlan } from "./connector_stages.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import { connectError } from "./node_errors.ts";

/** What {@linkcode Kernels} needs of its flow. */
export interface KernelsOptions {
  /** Type of the kernel; `undefined` where there is none. */
  readonly type: string | undefined;
  /** Nodes and links of the flow. */
  readonly graph: Graph;
  /** Nodes of the flow. */
  readonly nodes: Node[];
  /** Launches the node `name`. */
  readonly launch: (
    name: string,
    kind: "processor" | "preprocessor",
    definition: { readonly type: string; readonly config: Readonly<Record<string, unknown>> },
  ) => Promise<ProcessorPart>;
  /** A node's name in errors. */
  readonly alias: (name: string) => string;
  /** Aborted when the flow ends: then an error is no reason to go on without a kernel. */
  readonly reading: AbortSignal;
  /** Told why there is no kernel. */
  readonly onError: (error: CaissonError) => void;
}

/** Starts them, and changes them with the steps of a running pipeline. */
export class Kernels {
  readonly #options: KernelsOptions;
  readonly #parts = new Map<string, ProcessorPart>();

  /** Starts none. */
  constructor(options: KernelsOptions) {
    this.#options = options;
  }

  /** The kernel for a pipeline's first steps, where it is registered and can do them; without it the operators do. */
  async start(pipeline: string, compiled: CompiledPipeline): Promise<Kernel | undefined> {
    const { kernel, part } = await this.#open(pipeline, compiled);
    if (part !== undefined) this.#parts.set(pipeline, part);
    return kernel;
  }

  async #open(pipeline: string, compiled: CompiledPipeline): Promise<{ kernel?: Kernel; part?: ProcessorPart }> {
    const { type, launch, alias, reading, onError } = this.#options;
    const program = type === undefined ? undefined : kernelProgramOf(compiled);
    if (program === undefined) return {};
    const name = nodeOf(pipeline);
    try {
      const part = await launch(name, "processor", { type: type!, config: { program: program.text } });
      return { part, kernel: new Kernel(part, program) };
    } catch (error) {
      if (reading.aborted) throw error;
      onError(connectError(alias(name), error));
      return {};
    }
  }

  /**
   * The native cutter for a source that cuts nothing but lines, when all who take its events have a kernel: it makes no texts
   * of them, as `separate` does for operators that decode.
   *
   * @param plan how it is put together; with stages of plugins it cuts no lines by itself
   */
  async lines(source: string, plan: ConnectorPlan<Preprocessor>): Promise<NativeLines | undefined> {
    const { type, graph, launch, alias, reading, onError } = this.#options;
    const [separate, second] = plan.stages.length > 0 ? [] : plan.newInterceptors();
    const takers = graph.links.filter(({ from }) => from.node === source && from.port === "out");
    const isFed = takers.length > 0 && takers.every(({ to }) => this.#parts.has(to.node));
    if (!isFed || !(separate instanceof SeparatePreprocessor) || second !== undefined || separate.separator !== 10) {
      return undefined;
    }
    const name = `${source}.lines`;
    try {
      const part = await launch(name, "preprocessor", {
        type: type!.replace(/:.*/, ":lines"),
        config: { max_length: separate.maxLength },
      });
      return new NativeLines(part, alias(name), onError);
    } catch (error) {
      if (reading.aborted) throw error;
      onError(connectError(alias(name), error));
      return undefined;
    }
  }

  /**
   * Replaces the steps of a pipeline, with a kernel of their own, and closes that of the old ones.
   *
   * @throws {CaissonError} what {@linkcode openPipeline} and {@linkcode ReplaceablePipeline.replace} throw; then the old
   * ones go on
   */
  async replace(pipeline: string, running: ReplaceablePipeline, compiled: CompiledPipeline): Promise<void> {
    await openPipeline(compiled, this.#options.onError);
    const { kernel, part } = await this.#open(pipeline, compiled);
    try {
      await running.replace(compiled, kernel);
    } catch (error) {
      closePipeline(compiled);
      await this.#close(part);
      throw error;
    }
    const old = this.#parts.get(pipeline);
    if (part === undefined) this.#parts.delete(pipeline);
    else this.#parts.set(pipeline, part);
    await this.#close(old);
  }

  async #close(part: ProcessorPart | undefined): Promise<void> {
    const { nodes, alias, onError } = this.#options;
    const index = part === undefined ? -1 : nodes.findIndex((node) => node.part === part);
    if (index < 0) return;
    const [node] = nodes.splice(index, 1);
    await closeNode(node!, alias(node!.name), onError);
  }
}

function nodeOf(pipeline: string): string {
  return `${pipeline}.kernel`;
}
