/** The reading end of a socket client. @module */
import type { Batch } from "../../../data/batch.ts";
import type { PartContext, PollResult, SourcePart } from "../../contract.ts";
import { ClientLink } from "./client_link.ts";
import type { Connection } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import type { ClientTransport } from "./transport.ts";

/** Reads what the server sends; each connection is a new stream. */
export class SocketClientSource implements SourcePart {
  /** Pieces of a stream, or messages. */
  readonly produces: "chunks" | "events";
  /** Whether each is whole. */
  readonly wholeRecords: boolean;
  readonly #context: PartContext;
  readonly #link: ClientLink;
  readonly #inbox: Inbox;
  #reading: Connection | undefined;

  /** Connects to nothing before {@linkcode SocketClientSource.connect}. */
  constructor(context: PartContext, transport: ClientTransport) {
    this.#context = context;
    this.#link = ClientLink.of(context, transport);
    this.#link.hasSource = true;
    this.wholeRecords = transport.messages === true;
    this.produces = this.wholeRecords ? "events" : "chunks";
    this.#inbox = new Inbox(
      context.signal,
      (connection, reason) => this.#link.over(connection, reason),
      this.wholeRecords,
    );
    this.#link.onGone((reason, ended) => this.#gone(reason, ended));
  }

  /**
   * Connects, again after a loss.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    const connection = await this.#link.connect();
    if (this.#reading === connection) return;
    this.#reading = connection;
    this.#link.readInto(this.#inbox);
  }

  #gone(reason: unknown, ended: boolean): void {
    if (ended) return this.#inbox.end();
    // Gone before it was read for the first time: connecting opens another.
    if (this.#reading === undefined) return;
    const lost = this.#reading.lost(reason ?? "the other side closed the connection");
    if (this.#context.connectionLost === undefined) this.#inbox.fail(lost);
    else this.#context.connectionLost(lost);
  }

  /** Hands over what has come, or waits for it. */
  poll(batch: Batch): PollResult | Promise<PollResult> {
    return this.#inbox.poll(batch, this.#context.signal);
  }

  /** Connections and bytes. */
  metrics(): Record<string, unknown> {
    return this.#link.connections.metrics();
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return this.#link.close();
  }
}
