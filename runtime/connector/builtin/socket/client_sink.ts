/** The writing end of a socket client. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext } from "../../contract.ts";
import { ClientLink } from "./client_link.ts";
import type { ClientTransport } from "./transport.ts";

/** Writes everything to one connection. */
export class SocketClientSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  /** Unless each is a message. */
  readonly joinsChunks: boolean;
  readonly #context: PartContext;
  readonly #link: ClientLink;

  /** Connects to nothing before {@linkcode SocketClientSink.connect}. */
  constructor(context: PartContext, transport: ClientTransport) {
    this.#context = context;
    this.joinsChunks = transport.messages !== true;
    this.#link = ClientLink.of(context, transport);
    this.#link.onGone((reason, ended) => {
      // A source that is told of the end may read it as such; what is still to be written may well be taken.
      if (!ended || !this.#link.hasSource) context.connectionLost?.(reason ?? this.#lost());
    });
  }

  /**
   * Connects, again after a loss.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    await this.#link.connect();
  }

  /**
   * Writes all chunks.
   *
   * @throws {CaissonError} `CAISSON_CONNECTION_LOST`
   */
  write(chunks: readonly Uint8Array[]): Promise<void> {
    const { connection } = this.#link;
    if (connection === undefined) throw this.#lost();
    // Not in `connect`: the source of the same connector is made after that.
    this.#link.discard();
    return connection.write(chunks);
  }

  #lost(): CaissonError {
    return new CaissonError("CAISSON_CONNECTION_LOST", {
      subject: this.#context.alias,
      found: "the other side closed the connection",
    });
  }

  /** Connections and bytes. */
  metrics(): Record<string, unknown> {
    return this.#link.connections.metrics();
  }

  /** Closes the connection, after what was written has been sent. */
  close(): Promise<void> {
    return this.#link.close();
  }
}
