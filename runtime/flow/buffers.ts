/** The durable buffers of one flow, opened with its links and closed with it. @module */
import { GatedConsumer } from "../connector/gated_consumer.ts";
import { Gate } from "../connector/gate.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { Consumer } from "./delivery.ts";
import type { BufferDefinition } from "./flow_definition.ts";
import type { LinkBuffer } from "./link_buffer.ts";
import type { LinkBufferOptions } from "./link_buffer_options.ts";
import { LifeCycle } from "./life_cycle.ts";
import type { Node } from "./node.ts";
import { openBuffer } from "./open_buffer.ts";

/** Buffers by their nodes. */
export class Buffers {
  readonly #buffers = new Map<Node, LinkBuffer>();

  /**
   * Opens the buffer of a link.
   *
   * @throws {CaissonError} as {@linkcode openBuffer} does
   */
  open(
    name: string,
    buffer: BufferDefinition,
    options: Pick<LinkBufferOptions, "alias" | "to" | "letters" | "reading" | "onError">,
  ): { readonly node: Node; readonly consumer: Consumer } {
    const gate = new Gate();
    const life = new LifeCycle(options.alias);
    const consumer = openBuffer(buffer, {
      ...options,
      to: new GatedConsumer(options.to, gate),
      onFailed: () => {
        life.on("fail");
      },
    });
    life.on("start");
    const node: Node = {
      name,
      role: "buffer",
      type: "buffer",
      plugin: "builtin",
      isolation: "builtin",
      level: "none",
      life,
      gate,
      connection: undefined,
      metrics: () => consumer.metrics,
      failure: () => consumer.failure,
      part: undefined,
      partMetrics: consumer.report(),
    };
    this.#buffers.set(node, consumer);
    return { node, consumer };
  }

  /** Closes all; what goes wrong is told and stops nothing. */
  async close(
    explain: (name: string, error: unknown) => CaissonError,
    onError: (error: CaissonError) => void,
  ): Promise<void> {
    for (const [node, buffer] of this.#buffers) {
      node.partMetrics = buffer.report();
      try {
        await buffer.close();
      } catch (error) {
        node.closeError = explain(node.name, error);
        onError(node.closeError);
      }
    }
  }
}
