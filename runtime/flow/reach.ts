/** Which nodes of a flow take events, while circuit breakers leave some sinks alone. @module */
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { pipelineTakes } from "../pipeline/takes.ts";
import type { Link } from "./graph.ts";

/** Follows the links that have no buffer: on one that has, events rest until they are taken. */
export class Reach {
  /** Sinks that take nothing now. */
  readonly broken: ReadonlySet<string> = new Set();
  readonly #links: readonly Link[];
  readonly #pipelines: ReadonlyMap<string, CompiledPipeline>;
  readonly #known = new Map<string, boolean>();

  /** @param pipelines the nodes that are pipelines: inside of one an event may take any one of several ways */
  constructor(links: readonly Link[], pipelines: ReadonlyMap<string, CompiledPipeline>) {
    this.#links = links.filter(({ buffer }) => buffer === undefined);
    this.#pipelines = pipelines;
  }

  /** A sink takes nothing from now on, or does again. */
  changed(sink: string, isOpen: boolean): void {
    const broken = this.broken as Set<string>;
    if (isOpen) broken.delete(sink);
    else broken.add(sink);
    this.#known.clear();
  }

  /** Whether what a node is given can go on: to all that is linked, but for alternatives only to one of them. */
  takes(node: string): boolean {
    if (this.broken.size === 0) return true;
    let takes = this.#known.get(node);
    if (takes === undefined) this.#known.set(node, takes = !this.broken.has(node) && this.#passes(node));
    return takes;
  }

  #passes(node: string): boolean {
    const linked = (port: string): boolean => this.#links.some(({ from }) => from.node === node && from.port === port);
    const takes = (port: string): boolean => this.takesPort(node, port);
    const pipeline = this.#pipelines.get(node);
    if (pipeline !== undefined) return pipelineTakes(pipeline, { takes, linked });
    return this.#links.every(({ from, to }) => from.node !== node || this.takes(to.node));
  }

  /** Whether everything linked to a port takes events. */
  takesPort(node: string, port: string): boolean {
    if (this.broken.size === 0) return true;
    return this.#links.every(({ from, to }) => from.node !== node || from.port !== port || this.takes(to.node));
  }

  /** Whether events of a node come to a sink. */
  feeds(node: string, sink: string): boolean {
    const seen = new Set<string>();
    const visit = (from: string): boolean =>
      this.#links.some((link) => {
        if (link.from.node !== from || seen.has(link.to.node)) return false;
        if (link.to.node === sink) return true;
        seen.add(link.to.node);
        return visit(link.to.node);
      });
    return visit(node);
  }
}
