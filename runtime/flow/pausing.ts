/** Pauses, resumes and drains the nodes of a flow, and stops sources whose sinks take nothing. @module */
import type { SourcePart } from "../connector/contract.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { isPartOf } from "./cut_pipeline.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import { Reach } from "./reach.ts";

/** Who asked for a pause: one does not take back what the other asked for. */
type Asker = "user" | "flow";

/** What {@linkcode Pausing} needs. */
export interface PausingOptions {
  /** Name of the flow. */
  readonly flow: string;
  /** Its nodes, in the order they were started. */
  readonly nodes: readonly Node[];
  /** Its links. */
  readonly graph: Graph;
  /** Those of its nodes that are pipelines. */
  readonly pipelines: ReadonlyMap<string, CompiledPipeline>;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
}

/** The nodes of one flow as something that can be paused. */
export class Pausing {
  /** Which nodes take events now. */
  readonly reach: Reach;
  readonly #options: PausingOptions;

  /** Pauses nothing yet. */
  constructor(options: PausingOptions) {
    this.#options = options;
    this.reach = new Reach(options.graph.links, options.pipelines);
  }

  /**
   * Pauses the nodes of a name until {@linkcode Pausing.resume}: a source reads nothing, everything else takes nothing.
   *
   * @throws {CaissonError} `CAISSON_FLOW_STATE` when it has ended or ends, `CAISSON_FLOW_INVALID` when it is not there
   */
  async pause(name: string): Promise<void> {
    for (const node of this.#named(name)) await this.#pauseNode(node, "user");
  }

  /** Takes the pause of one node back. @throws {CaissonError} as {@linkcode Pausing.pause} does */
  async resume(name: string): Promise<void> {
    for (const node of this.#named(name)) await this.#resumeNode(node, "user");
  }

  /** Pauses every node, sources first. */
  async pauseAll(): Promise<void> {
    for (const node of [...this.#options.nodes].reverse()) {
      if (!node.life.isOver) await this.#pauseNode(node, "flow");
    }
  }

  /** Resumes every node, sources last; one that was paused by name stays so. */
  async resumeAll(): Promise<void> {
    for (const node of this.#options.nodes) if (!node.life.isOver) await this.#resumeNode(node, "flow");
  }

  /** Nothing is read any longer; what was read goes through whatever was paused. */
  async drain(): Promise<void> {
    const draining = this.#options.nodes.filter(({ life }) => life.takes("drain"));
    for (const { life, gate } of draining) {
      life.on("drain");
      gate.release();
    }
    const sources = draining.filter(({ role }) => role === "source");
    await Promise.all(sources.map((node) => this.#call(node, () => (node.part as SourcePart).drain?.())));
  }

  /**
   * A sink that takes nothing for a while stops the sources whose events can go nowhere else, before they pile up on the
   * way. Whatever has another way, as behind a round robin or a buffer, goes on.
   */
  sinkChanged(sink: string, isOpen: boolean): void {
    const { reach } = this;
    reach.changed(sink, isOpen);
    for (const node of this.#options.nodes) {
      if (node.role !== "source") continue;
      const takes = reach.takes(node.name);
      for (const broken of new Set([sink, ...reach.broken])) {
        if (!reach.feeds(node.name, broken)) continue;
        this.#tell(node, broken, takes || !reach.broken.has(broken));
      }
    }
  }

  #tell(node: Node, sink: string, isOpen: boolean): void {
    const reason = `sink:${sink}`;
    const part = node.part as SourcePart;
    if (node.gate.reasons.includes(reason) !== isOpen) return;
    if (isOpen) node.gate.open(reason);
    else node.gate.close(reason);
    void this.#call(node, () => isOpen ? part.breakerRestored?.(sink) : part.breakerTriggered?.(sink));
  }

  /** The nodes of that name: a connector that reads and writes is two, a pipeline with processors is its parts. */
  #named(name: string): readonly Node[] {
    const { nodes, flow } = this.#options;
    for (const isMeant of [(node: Node) => node.name === name, (node: Node) => isPartOf(node.name, name)]) {
      const found = nodes.filter(isMeant);
      // The writing end of a connector goes on when the reading end is over.
      const going = found.filter(({ life }) => !life.isOver);
      if (going.length > 0) return going;
      if (found.length > 0) return found;
    }
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: flow,
      found: `no node ${JSON.stringify(name)}`,
      allowed: [...new Set(nodes.map((node) => node.name))].join(", "),
      action: "Name a node of the flow.",
    });
  }

  async #pauseNode(node: Node, asker: Asker): Promise<void> {
    const was = node.life.state;
    node.life.on("pause");
    node.gate.close(asker);
    if (was !== "paused") await this.#call(node, () => node.part?.pause?.());
  }

  async #resumeNode(node: Node, asker: Asker): Promise<void> {
    // Refused before anything changes; the state follows when nobody else wants the pause.
    if (!node.life.takes("resume")) node.life.on("resume");
    node.gate.open(asker);
    const wanted = node.gate.reasons.some((reason) => reason === "user" || reason === "flow");
    if (wanted || node.life.state !== "paused") return;
    node.life.on("resume");
    await this.#call(node, () => node.part?.resume?.());
  }

  /** What a part throws when it is told something is reported, and stops nothing. */
  async #call(node: Node, callback: () => void | Promise<void>): Promise<void> {
    try {
      await callback();
    } catch (error) {
      this.#options.onError(callbackError(`${this.#options.flow}/${node.name}`, error));
    }
  }
}

function callbackError(subject: string, error: unknown): CaissonError {
  if (error instanceof CaissonError) return error;
  return new CaissonError("CAISSON_PLUGIN_THREW", { subject, found: messageOf(error), cause: error });
}
