/** What a socket connector needs to know about its kind of socket. @module */
import type { Socket } from "./connection.ts";
import type { SocketLimits } from "./connections.ts";

/** What was listened to. */
export interface Listening {
  /** Resolves to the next connection. */
  accept(): Promise<Socket>;
  /** Ends it. */
  close(): void;
}

/** Accepts connections. */
export interface ServerTransport {
  /** What its connections are held to. */
  readonly limits: SocketLimits;
  /**
   * Starts to listen.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  listen(): Listening | Promise<Listening>;
  /** What has to happen before a connection may be read, such as a handshake; a rejection turns it away. */
  opened?(socket: Socket): Promise<void>;
  /** Where it listens. */
  address(): Record<string, string | number>;
}

/** Opens connections. */
export interface ClientTransport {
  /** What its connection is held to. */
  readonly limits: SocketLimits;
  /**
   * Connects.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  dial(): Promise<Socket>;
}
