/** A UDP socket as sources and sinks use it; `Deno.listenDatagram` is unstable, `node:dgram` is not. @module */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { CaissonError } from "../../../errors/caisson_error.ts";
import { addressFailure, hostAndPort } from "../socket/tcp.ts";

/** A socket of the family of an address; names are taken for IPv4. */
export function udpSocket(host: string, bytes: number): Socket {
  return createSocket({ type: isIPv6(host) ? "udp6" : "udp4", ...(bytes === 0 ? {} : { recvBufferSize: bytes }) });
}

/**
 * Resolves when the socket is bound or connected.
 *
 * @throws {CaissonError} `CAISSON_CONNECT_FAILED`
 */
export function ready(
  socket: Socket,
  alias: string,
  host: string,
  port: number,
  start: (done: () => void) => void,
): Promise<void> {
  return new Promise((resolve, reject: (error: CaissonError) => void) => {
    const failed = (error: Error): void => {
      socket.close();
      reject(addressFailure(alias, hostAndPort(host, port), error));
    };
    socket.once("error", failed);
    start(() => {
      socket.off("error", failed);
      resolve();
    });
  });
}

/** Sends one datagram. */
export function sendDatagram(socket: Socket, bytes: Uint8Array, port?: number, host?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => error === null || error === undefined ? resolve() : reject(error);
    if (port === undefined) socket.send(bytes, done);
    else socket.send(bytes, port, host, done);
  });
}
