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
  /** Whether a piece that is read is a whole message. @default {false} */
  readonly messages?: boolean;
  /**
   * Starts to listen.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  listen(): Listening | Promise<Listening>;
  /**
   * What has to happen before a connection may be read, such as a handshake; a rejection turns it away. It may resolve
   * to what is read from then on in the socket's place.
   */
  opened?(socket: Socket): Promise<Socket | void>;
  /** Where it listens. */
  address(): Record<string, string | number>;
}

/** Opens connections. */
export interface ClientTransport {
  /** What its connection is held to. */
  readonly limits: SocketLimits;
  /** Whether a piece that is read is a whole message. @default {false} */
  readonly messages?: boolean;
  /**
   * Connects.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  dial(): Promise<Socket>;
}
