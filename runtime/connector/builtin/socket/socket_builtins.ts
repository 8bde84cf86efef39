/** The connectors `tcp_server`, `tcp_client`, `unix_server` and `unix_client`. @module */
import type { PartContext } from "../../contract.ts";
import type { BuiltinComponent, BuiltinNeeds } from "../builtin.ts";
import { unixHost } from "../host_permission.ts";
import { SocketClientSink } from "./client_sink.ts";
import { SocketClientSource } from "./client_source.ts";
import { SocketServerSink } from "./server_sink.ts";
import { SocketServerSource } from "./server_source.ts";
import {
  atEnd,
  clientTls,
  closed,
  connectionLimits,
  connectTimeout,
  dialAddress,
  handshakeTimeout,
  listenAddress,
  type Schema,
  serverLimits,
  serverTls,
} from "./socket_schema.ts";
import { hostAndPort, tcpClient, tcpServer, tlsFiles } from "./tcp.ts";
import type { ClientTransport, ServerTransport } from "./transport.ts";
import { unixClient, unixServer } from "./unix.ts";

type Config = Readonly<Record<string, unknown>>;

/** How long a server lets a peer be silent before it takes it for gone, milliseconds. */
const SERVER_IDLE_MS = 600_000;

const tcpNeeds = ({ host = "127.0.0.1", port, tls }: Config): BuiltinNeeds => ({
  net: [hostAndPort(host as string, port as number)],
  read: tlsFiles(tls),
});

const unixNeeds = ({ path }: Config): BuiltinNeeds => ({
  read: [path as string],
  write: [path as string],
  net: [unixHost(path as string)],
});

const socketPath: Schema = {
  path: {
    type: "string",
    minLength: 1,
    description: "Path of the socket; a relative one starts at the host's folder.",
  },
};

function server(
  type: string,
  description: string,
  configSchema: Schema,
  transport: (context: PartContext) => ServerTransport,
  needs: (config: Config) => BuiltinNeeds,
): BuiltinComponent[] {
  return [
    {
      type,
      kind: "source",
      description,
      configSchema,
      create: (context) => ({ kind: "source", source: new SocketServerSource(context, transport(context)) }),
      needs,
    },
    {
      type,
      kind: "sink",
      description: "Answers: each event goes to the connection of the same connector's source that it came from.",
      configSchema,
      create: (context) => ({ kind: "sink", sink: new SocketServerSink(context) }),
      // The source listens.
      needs: () => ({}),
    },
  ];
}

function client(
  type: string,
  where: string,
  configSchema: Schema,
  transport: (context: PartContext) => ClientTransport,
  needs: (config: Config) => BuiltinNeeds,
): BuiltinComponent[] {
  return [
    {
      type,
      kind: "source",
      description: `Connects to ${where} and reads; each connection is a stream.`,
      configSchema,
      create: (context) => ({ kind: "source", source: new SocketClientSource(context, transport(context)) }),
      needs,
    },
    {
      type,
      kind: "sink",
      description: `Connects to ${where} and writes, over the connection its source reads from where there is one.`,
      configSchema,
      create: (context) => ({ kind: "sink", sink: new SocketClientSink(context, transport(context)) }),
      needs,
    },
  ];
}

/** Every connector of stream sockets. */
export const socketBuiltins: readonly BuiltinComponent[] = [
  ...server(
    "tcp_server",
    "Listens for TCP, with or without TLS; each connection is a stream.",
    closed(
      {
        ...listenAddress,
        tls: serverTls,
        ...serverLimits,
        ...handshakeTimeout,
        ...connectionLimits(SERVER_IDLE_MS),
      },
      ["port"],
    ),
    tcpServer,
    tcpNeeds,
  ),
  ...client(
    "tcp_client",
    "a TCP server, with or without TLS",
    closed({ ...dialAddress, tls: clientTls, ...connectTimeout, ...atEnd, ...connectionLimits(0) }, ["port"]),
    tcpClient,
    tcpNeeds,
  ),
  ...server(
    "unix_server",
    "Listens on a socket of the file system; each connection is a stream.",
    closed(
      {
        ...socketPath,
        replace: {
          type: "boolean",
          default: false,
          description: "Remove a socket that lies there, left by a process that was killed.",
        },
        mode: {
          type: "string",
          pattern: "^0?[0-7]{3}$",
          description: "Permissions of the socket, octal, such as 660.",
        },
        ...serverLimits,
        ...connectionLimits(SERVER_IDLE_MS),
      },
      ["path"],
    ),
    unixServer,
    unixNeeds,
  ),
  ...client(
    "unix_client",
    "a socket of the file system",
    closed({ ...socketPath, ...connectTimeout, ...atEnd, ...connectionLimits(0) }, ["path"]),
    unixClient,
    unixNeeds,
  ),
];
