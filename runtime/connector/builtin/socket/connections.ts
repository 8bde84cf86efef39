/** The open connections of one connector, shared by its two ends, with the limits they are held to. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { StreamListener } from "../../contract.ts";
import { Connection, type Socket } from "./connection.ts";

/** Limits of a socket connector. */
export interface SocketLimits {
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** How long a peer may send nothing while it could; 0: for ever, milliseconds. */
  readonly idleMs: number;
  /** How long a peer may take nothing of what is written to it; 0: for ever, milliseconds. */
  readonly writeMs: number;
  /** Most bytes one read asks for, and a connection holds. */
  readonly readBytes: number;
}

const KEY = "connections";

/** Every connection of one connector. */
export class Connections {
  /** Connections that came. */
  opened = 0;
  /** Connections that broke off or were ended for breaking a limit. */
  lost = 0;
  /** Connections that were turned away. */
  refused = 0;
  /** What the sink end asks to be told; absent without one. */
  listener: StreamListener | undefined;
  /** Limits of the end that opens connections. */
  limits: SocketLimits = { maxConnections: 1, idleMs: 0, writeMs: 0, readBytes: 1 << 16 };
  readonly #alias: string;
  readonly #open = new Map<number, Connection>();
  #nextStream = 1;
  #bytesIn = 0;
  #bytesOut = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  /** Use {@linkcode Connections.of}. */
  constructor(alias: string) {
    this.#alias = alias;
  }

  /** Those of a connector; both of its ends get the same. */
  static of({ alias, shared }: { readonly alias: string; readonly shared?: Map<string, unknown> }): Connections {
    const known = shared?.get(KEY);
    if (known instanceof Connections) return known;
    const made = new Connections(alias);
    shared?.set(KEY, made);
    return made;
  }

  /** Open connections. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether another one may come; counts it as refused otherwise. */
  admit(): boolean {
    if (this.#open.size < this.limits.maxConnections) return true;
    this.refused++;
    return false;
  }

  /** Takes over a socket as a new stream. */
  add(socket: Socket): Connection {
    const connection = new Connection(socket, this.#nextNumber(), this.#alias, this.limits.readBytes);
    this.#open.set(connection.stream, connection);
    this.opened++;
    this.#startWatch();
    return connection;
  }

  #nextNumber(): number {
    do {
      const stream = this.#nextStream;
      this.#nextStream = stream === 0xffffffff ? 1 : stream + 1;
      if (!this.#open.has(stream)) return stream;
    } while (true);
  }

  /** The connection of a stream, while it is open. */
  get(stream: number): Connection | undefined {
    return this.#open.get(stream);
  }

  /** Closes a connection; what was written to it before arrives. */
  remove(connection: Connection): void {
    if (!this.#open.delete(connection.stream)) return;
    this.#bytesIn += connection.bytesIn;
    this.#bytesOut += connection.bytesOut;
    connection.close();
    this.listener?.lost(connection.stream);
    if (this.#open.size === 0) this.#stopWatch();
  }

  #startWatch(): void {
    const { idleMs, writeMs } = this.limits;
    const shortest = Math.min(idleMs || Infinity, writeMs || Infinity);
    if (this.#watch !== undefined || shortest === Infinity) return;
    this.#watch = setInterval(() => this.#look(), Math.max(5, Math.min(1000, shortest / 4)));
  }

  #look(): void {
    const { idleMs, writeMs } = this.limits;
    const now = performance.now();
    for (const connection of this.#open.values()) {
      const { writingSince, unsettled } = connection;
      const readingSince = connection.readingSince && Math.max(connection.readingSince, connection.heard);
      if (writeMs > 0 && writingSince > 0 && now - writingSince > writeMs) {
        connection.close(this.#slow(`a peer that takes nothing for ${writeMs} ms`));
      } else if (idleMs > 0 && readingSince > 0 && unsettled === 0 && now - readingSince > idleMs) {
        connection.close(this.#slow(`a peer that sends nothing for ${idleMs} ms`));
      }
    }
  }

  #slow(found: string): CaissonError {
    return new CaissonError("CAISSON_CONNECTION_LOST", { subject: this.#alias, found });
  }

  #stopWatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** Says goodbye to all of them. */
  async finish(): Promise<void> {
    await Promise.all([...this.#open.values()].map((connection) => connection.finish()));
  }

  /** Closes all of them. */
  close(): void {
    for (const connection of [...this.#open.values()]) this.remove(connection);
  }

  /** Numbers of all of them. */
  metrics(): Record<string, number> {
    let bytesIn = this.#bytesIn;
    let bytesOut = this.#bytesOut;
    for (const connection of this.#open.values()) {
      bytesIn += connection.bytesIn;
      bytesOut += connection.bytesOut;
    }
    const { opened, lost, refused, size } = this;
    return { connections: size, opened, lost, refused, bytesIn, bytesOut };
  }
}
