/** The reading end of a socket server: every connection is a stream. @module */
import type { Batch } from "../../../data/batch.ts";
import { messageOf } from "../../../errors/caisson_error.ts";
import type { PartContext, PollResult, SourcePart } from "../../contract.ts";
import { sleep } from "../../sleep.ts";
import type { Connection, Socket } from "./connection.ts";
import { Connections } from "./connections.ts";
import { Inbox } from "./inbox.ts";
import type { Listening, ServerTransport } from "./transport.ts";

/** How long a server that could not accept waits before it tries again, milliseconds: descriptors may have run out. */
const ACCEPT_PAUSE_MS = 50;

/** Listens, and reads what peers send. */
export class SocketServerSource implements SourcePart {
  /** Each connection is one. */
  readonly severalStreams = true;
  /** Pieces of a stream, or messages. */
  readonly produces: "chunks" | "events";
  /** Whether each is whole. */
  readonly wholeRecords: boolean;
  /** Settling looks at records only. */
  readonly settlesCopies = true;
  readonly #context: PartContext;
  readonly #transport: ServerTransport;
  readonly #connections: Connections;
  readonly #inbox: Inbox;
  #listener: Listening | undefined;
  #opening = 0;

  /** Listens to nothing before {@linkcode SocketServerSource.connect}. */
  constructor(context: PartContext, transport: ServerTransport) {
    this.#context = context;
    this.#transport = transport;
    this.wholeRecords = transport.messages === true;
    this.produces = this.wholeRecords ? "events" : "chunks";
    this.#connections = Connections.of(context);
    this.#connections.limits = transport.limits;
    this.#inbox = new Inbox(context.signal, (connection) => this.#over(connection), this.wholeRecords);
    context.signal.addEventListener("abort", () => this.#stopListening(), { once: true });
  }

  /**
   * Listens.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    if (this.#listener !== undefined || this.#context.signal.aborted) return;
    const listener = await this.#transport.listen();
    if (this.#context.signal.aborted) return listener.close();
    this.#listener = listener;
    void this.#accept(listener);
  }

  async #accept(listener: Listening): Promise<void> {
    while (this.#listener === listener) {
      try {
        const socket = await listener.accept();
        if (
          this.#listener !== listener ||
          this.#connections.size + this.#opening >= this.#connections.limits.maxConnections
        ) {
          if (this.#listener === listener) this.#connections.refused++;
          socket.close();
        } else void this.#open(socket);
      } catch (error) {
        if (this.#listener !== listener) return;
        this.#context.log("warning", `accepting a connection: ${messageOf(error)}`);
        await sleep(ACCEPT_PAUSE_MS, this.#context.signal);
      }
    }
  }

  async #open(socket: Socket): Promise<void> {
    this.#opening++;
    let opened = socket;
    try {
      opened = await this.#transport.opened?.(socket) ?? socket;
    } catch (error) {
      this.#connections.refused++;
      socket.close();
      this.#context.log("warning", `a connection was turned away: ${messageOf(error)}`);
      return;
    } finally {
      this.#opening--;
    }
    if (this.#listener === undefined) return opened.close();
    this.#connections.add(opened).read(this.#inbox);
  }

  #over(connection: Connection): void {
    // A peer that has said everything may still wait for its answers.
    if (connection.ended === "read") return;
    this.#connections.lost++;
    this.#connections.remove(connection);
  }

  /** Hands over what peers have sent, or waits for it. */
  poll(batch: Batch): PollResult | Promise<PollResult> {
    return this.#inbox.poll(batch, this.#context.signal);
  }

  /** Counts what is on its way, so that a connection lives until the last answer. */
  settle(batch: Batch): void {
    for (let index = 0; index < batch.count; index++) {
      const connection = this.#connections.get(batch.partition(index));
      if (connection === undefined) continue;
      connection.unsettled--;
      this.#finishSettled(connection);
    }
  }

  /** Everything of the stream but what is counted is settled. */
  streamEnded(stream: number): void {
    const connection = this.#connections.get(stream);
    if (connection === undefined) return;
    connection.ended = "settled";
    this.#finishSettled(connection);
  }

  #finishSettled(connection: Connection): void {
    if (connection.ended !== "settled" || connection.unsettled > 0) return;
    void this.#finish(connection);
  }

  async #finish(connection: Connection): Promise<void> {
    try {
      await this.#connections.listener?.ended(connection.stream);
      await connection.finish();
    } catch (error) {
      this.#context.log("warning", `the end of a connection: ${messageOf(error)}`);
    }
    this.#connections.remove(connection);
  }

  /** Connections and bytes, and where it listens. */
  metrics(): Record<string, unknown> {
    return { ...this.#connections.metrics(), ...this.#transport.address() };
  }

  #stopListening(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.close();
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    this.#stopListening();
    if (this.#transport.messages === true) await this.#connections.finish();
    this.#connections.close();
  }
}
