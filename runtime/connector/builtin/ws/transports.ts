/** Connections of WebSocket, over TCP with or without TLS. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { PartContext } from "../../contract.ts";
import type { Socket } from "../socket/connection.ts";
import { withinDeadline } from "../socket/deadline.ts";
import { limitsOf } from "../socket/socket_schema.ts";
import { tcpClient, tcpServer } from "../socket/tcp.ts";
import type { ClientTransport, ServerTransport } from "../socket/transport.ts";
import { acceptUpgrade, requestUpgrade } from "./handshake.ts";
import { type WsOptions, WsSocket } from "./ws_socket.ts";

const HANDSHAKE = "the handshake of WebSocket";

function optionsOf({ alias, config }: PartContext, role: WsOptions["role"]): WsOptions {
  return {
    alias,
    role,
    maxMessageBytes: config["max_message_bytes"] as number,
    pingMs: config["ping_interval_ms"] as number,
    text: config["frames"] === "text",
  };
}

/** Listens for WebSocket as a configuration says. */
export function wsServer(context: PartContext): ServerTransport {
  const { alias, config } = context;
  const tcp = tcpServer(context);
  const offer = { path: config["path"] as string | undefined, origins: config["allowed_origins"] as string[] };
  return {
    limits: limitsOf(config),
    messages: true,
    listen: () => tcp.listen(),
    async opened(socket): Promise<Socket> {
      await tcp.opened?.(socket);
      const upgrading = acceptUpgrade(socket, alias, offer).then((rest) =>
        new WsSocket(socket, rest, optionsOf(context, "server"))
      );
      return await withinDeadline(upgrading, config["handshake_timeout_ms"] as number, alias, HANDSHAKE);
    },
    address: () => tcp.address(),
  };
}

/** The host and port of a URL, as a connection of TCP needs them. */
export function addressOf(url: URL): { readonly host: string; readonly port: number } {
  const port = Number(url.port) || (url.protocol === "wss:" ? 443 : 80);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

/** Connects with WebSocket as a configuration says. */
export function wsClient(context: PartContext): ClientTransport {
  const { alias, config } = context;
  const text = config["url"] as string;
  const url = URL.parse(text);
  if (url === null) {
    throw new CaissonError("CAISSON_CONNECT_FAILED", {
      subject: alias,
      found: JSON.stringify(text),
      allowed: "a URL such as wss://host/path",
    });
  }
  const tls = url.protocol === "wss:" ? config["tls"] ?? true : false;
  const tcp = tcpClient({ ...context, alias, config: { ...config, ...addressOf(url), tls } });
  const headers = config["headers"] as Readonly<Record<string, string>> | undefined ?? {};
  return {
    limits: limitsOf(config),
    messages: true,
    async dial(): Promise<Socket> {
      const socket = await tcp.dial();
      try {
        const upgrading = requestUpgrade(socket, alias, url, headers).then((rest) =>
          new WsSocket(socket, rest, optionsOf(context, "client"))
        );
        return await withinDeadline(upgrading, config["connect_timeout_ms"] as number, alias, HANDSHAKE);
      } catch (error) {
        socket.close();
        throw error instanceof CaissonError ? error : new CaissonError("CAISSON_CONNECT_FAILED", {
          subject: alias,
          found: `${url.host}: ${error instanceof Error ? error.message : String(error)}`,
          cause: error,
        });
      }
    },
  };
}
