/** The writing end of a socket server: answers go to the connection their event came from. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext, StreamListener } from "../../contract.ts";
import { Connections } from "./connections.ts";

/** Writes to the connections that the source of the same connector has accepted. */
export class SocketServerSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  readonly #alias: string;
  readonly #connections: Connections;

  /** Shares the connections with the source. */
  constructor(context: PartContext) {
    this.#alias = context.alias;
    this.#connections = Connections.of(context);
  }

  /** Each connection has postprocessors of its own. */
  watchStreams(listener: StreamListener): void {
    this.#connections.listener = listener;
  }

  /**
   * Writes to one connection.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED` without a connection to write to, `CAISSON_CONNECTION_LOST` when it breaks off
   */
  write(chunks: readonly Uint8Array[], _events: number, stream = 0): Promise<void> {
    const connection = this.#connections.get(stream);
    if (connection !== undefined) return connection.write(chunks);
    throw new CaissonError("CAISSON_SINK_FAILED", {
      subject: this.#alias,
      found: stream === 0
        ? "an event that came from no connection of this connector"
        : `an event for connection ${stream}, which is closed`,
      action: stream === 0
        ? "Link only events to it that its own source has read."
        : "The peer left before its answer.",
    });
  }

  /** The source closes the connections. */
  close(): void {}
}
