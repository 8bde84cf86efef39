/** The one connection of a client, used by both of its ends. @module */
import type { PartContext } from "../../contract.ts";
import type { Connection, Reading } from "./connection.ts";
import { Connections } from "./connections.ts";
import type { ClientTransport } from "./transport.ts";

const KEY = "client";

/** Connects when the first end asks for it, and tells both when the connection is gone. */
export class ClientLink {
  /** Counts, and holds the connection to its limits. */
  readonly connections: Connections;
  /** Whether what comes is read by a source. */
  hasSource = false;
  readonly #transport: ClientTransport;
  readonly #listeners: ((reason: unknown, ended: boolean) => void)[] = [];
  #connection: Connection | undefined;
  readonly #endIsLoss: boolean;
  #gone: Connection | undefined;
  #dialing: Promise<Connection> | undefined;
  #closed = false;
  #source: Reading | undefined;
  #waiting: Connection | undefined;
  #discards = false;

  /** Use {@linkcode ClientLink.of}. */
  constructor(context: PartContext, transport: ClientTransport) {
    this.connections = Connections.of(context);
    this.connections.limits = transport.limits;
    this.#transport = transport;
    this.#endIsLoss = context.config["at_end"] === "reconnect";
  }

  /** That of a connector; both of its ends get the same. */
  static of(context: PartContext, transport: ClientTransport): ClientLink {
    const known = context.shared?.get(KEY);
    if (known instanceof ClientLink) return known;
    const made = new ClientLink(context, transport);
    context.shared?.set(KEY, made);
    return made;
  }

  /** Calls `listener` whenever a connection is gone; `ended` when the peer closed it in good order. */
  onGone(listener: (reason: unknown, ended: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** The connection, where there is one. */
  get connection(): Connection | undefined {
    return this.#connection?.closed === false ? this.#connection : undefined;
  }

  /**
   * Connects, unless the other end has already.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<Connection> {
    return this.connection ?? await (this.#dialing ??= this.#dial());
  }

  async #dial(): Promise<Connection> {
    try {
      const socket = await this.#transport.dial();
      const connection = this.connections.add(socket);
      this.#connection = connection;
      connection.onWriteFailed = (from, lost) => this.over(from, lost);
      if (this.#closed) this.connections.remove(connection);
      else this.#read(connection);
      return connection;
    } finally {
      this.#dialing = undefined;
    }
  }

  /** The connection has nothing more to read. */
  over(connection: Connection, reason: unknown): void {
    const ended = connection.ended === "read" && !this.#endIsLoss;
    if (!ended) this.connections.remove(connection);
    if (this.#closed || this.#gone === connection) return;
    this.#gone = connection;
    if (!ended) this.connections.lost++;
    for (const listener of this.#listeners) listener(reason, ended);
  }

  /** What comes goes to a source: what came before it was there, too. */
  readInto(source: Reading): void {
    this.#source = source;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined && waiting.available > 0) source.onBytes(waiting);
  }

  /** There is no source: what comes is thrown away. */
  discard(): void {
    if (this.hasSource || this.#discards) return;
    this.#discards = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) throwAway(waiting);
  }

  /**
   * Reads from the start, whoever wants it: only reading shows that the peer is gone, and what is written to one that is gone
   * would count as delivered. A sink is connected before the source of its connector is made, so the first piece waits.
   */
  #read(connection: Connection): void {
    connection.read({
      onBytes: (from) => {
        if (this.#source !== undefined) this.#source.onBytes(from);
        else if (this.#discards) throwAway(from);
        else this.#waiting = from;
      },
      onEnd: (from, reason) => {
        if (this.#source !== undefined) return this.#source.onEnd(from, reason);
        this.connections.remove(from);
        this.over(from, reason);
      },
    });
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const connection = this.connection;
    if (connection !== undefined) await connection.finish();
    this.connections.close();
  }
}

function throwAway(connection: Connection): void {
  const nothing = new Uint8Array(1 << 16);
  while (connection.available > 0) connection.take(nothing);
}
