/** The connectors `ws_server` and `ws_client`. @module */
import type { BuiltinComponent, BuiltinNeeds } from "../builtin.ts";
import { SocketClientSink } from "../socket/client_sink.ts";
import { SocketClientSource } from "../socket/client_source.ts";
import { SocketServerSink } from "../socket/server_sink.ts";
import { SocketServerSource } from "../socket/server_source.ts";
import {
  atEnd,
  clientTlsFiles,
  closed,
  connectionLimits,
  connectTimeout,
  handshakeTimeout,
  listenAddress,
  type Schema,
  serverLimits,
  serverTls,
} from "../socket/socket_schema.ts";
import { hostAndPort, tlsFiles } from "../socket/tcp.ts";
import { addressOf, wsClient, wsServer } from "./transports.ts";

type Config = Readonly<Record<string, unknown>>;

const SERVER_IDLE_MS = 600_000;

function messages(idleMs: number): Schema {
  const { read_bytes: _, ...limits } = connectionLimits(idleMs);
  return {
    frames: {
      enum: ["text", "binary"],
      default: "text",
      description:
        "Kind of the messages that are sent; what is not UTF-8 is sent as binary in any case. Both are read.",
    },
    "max_message_bytes": {
      type: "integer",
      minimum: 1,
      maximum: 1 << 28,
      default: 1 << 20,
      description:
        "Most bytes of a message that is read, all of its fragments together; more closes the connection (1009).",
    },
    "ping_interval_ms": {
      type: "integer",
      minimum: 0,
      default: 30_000,
      description:
        "How often the peer is asked for a sign of life, milliseconds; 0: never. Its answer counts as having sent something.",
    },
    ...limits,
  };
}

const serverSchema = closed({
  ...listenAddress,
  path: { type: "string", pattern: "^/", description: "Path that clients have to ask for; without it any will do." },
  "allowed_origins": {
    type: "array",
    items: { type: "string", minLength: 1 },
    default: [],
    description:
      "Origins whose pages may connect, such as https://example.org; * is every page. Programs that are no browser send none and may always.",
  },
  tls: serverTls,
  ...serverLimits,
  ...handshakeTimeout,
  ...messages(SERVER_IDLE_MS),
}, ["port"]);

const clientSchema = closed({
  url: { type: "string", pattern: "^wss?://[^/]", description: "Where to connect: ws://… or wss://… for TLS." },
  tls: { ...clientTlsFiles, description: "Certificates for wss; the server's is always checked." },
  headers: {
    type: "object",
    additionalProperties: { type: "string" },
    description: "Further headers of the handshake, such as authorization.",
  },
  ...connectTimeout,
  ...atEnd,
  ...messages(0),
}, ["url"]);

const serverNeeds = ({ host = "127.0.0.1", port, tls }: Config): BuiltinNeeds => ({
  net: [hostAndPort(host as string, port as number)],
  read: tlsFiles(tls),
});

function clientNeeds({ url, tls }: Config): BuiltinNeeds {
  const { host, port } = addressOf(new URL(url as string));
  return { net: [hostAndPort(host, port)], read: tlsFiles(tls) };
}

/** Every connector of WebSocket. */
export const wsBuiltins: readonly BuiltinComponent[] = [
  {
    type: "ws_server",
    kind: "source",
    description: "Listens for WebSocket, with or without TLS; each connection is a stream, each message an event.",
    configSchema: serverSchema,
    create: (context) => ({ kind: "source", source: new SocketServerSource(context, wsServer(context)) }),
    needs: serverNeeds,
  },
  {
    type: "ws_server",
    kind: "sink",
    description: "Answers: each event is a message on the connection of the same connector's source that it came from.",
    configSchema: serverSchema,
    create: (context) => ({ kind: "sink", sink: new SocketServerSink(context) }),
    // The source listens.
    needs: () => ({}),
  },
  {
    type: "ws_client",
    kind: "source",
    description: "Connects to a WebSocket server and reads; each connection is a stream, each message an event.",
    configSchema: clientSchema,
    create: (context) => ({ kind: "source", source: new SocketClientSource(context, wsClient(context)) }),
    needs: clientNeeds,
  },
  {
    type: "ws_client",
    kind: "sink",
    description:
      "Connects to a WebSocket server and writes, each event a message, over the connection its source reads from where there is one.",
    configSchema: clientSchema,
    create: (context) => ({ kind: "sink", sink: new SocketClientSink(context, wsClient(context)) }),
    needs: clientNeeds,
  },
];
