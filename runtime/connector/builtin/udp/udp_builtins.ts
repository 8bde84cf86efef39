/** The connectors `udp_server` and `udp_client`. @module */
import type { BuiltinComponent, BuiltinNeeds } from "../builtin.ts";
import { closed, dialAddress, listenAddress } from "../socket/socket_schema.ts";
import { hostAndPort } from "../socket/tcp.ts";
import { UdpServerSource } from "./server_source.ts";
import { UdpClientSink, UdpServerSink } from "./udp_sinks.ts";

const needs = ({ host = "127.0.0.1", port }: Readonly<Record<string, unknown>>): BuiltinNeeds => ({
  net: [hostAndPort(host as string, port as number)],
});

const serverSchema = closed({
  ...listenAddress,
  datagrams: {
    enum: ["whole", "parts"],
    default: "whole",
    description:
      "Whether preprocessors start anew with each datagram, or hold what they have for the next ones, as gelf-chunking has to; then nothing can be answered.",
  },
  "max_waiting": {
    type: "integer",
    minimum: 1,
    maximum: 1 << 20,
    default: 8192,
    description: "Most datagrams that wait for the flow; further ones are dropped and counted.",
  },
  "max_peers": {
    type: "integer",
    minimum: 1,
    maximum: 60_000,
    default: 1024,
    description: "Senders that can be answered; the one that was silent longest is forgotten.",
  },
  "receive_buffer_bytes": {
    type: "integer",
    minimum: 0,
    maximum: 1 << 28,
    default: 0,
    description: "What the operating system keeps while nobody reads; 0: its default.",
  },
}, ["port"]);

/** Every connector of UDP. */
export const udpBuiltins: readonly BuiltinComponent[] = [
  {
    type: "udp_server",
    kind: "source",
    description: "Receives datagrams; each sender is a stream.",
    configSchema: serverSchema,
    create: (context) => ({ kind: "source", source: new UdpServerSource(context) }),
    needs,
  },
  {
    type: "udp_server",
    kind: "sink",
    description: "Answers: each event goes, as a datagram, to the sender that it came from.",
    configSchema: serverSchema,
    create: (context) => ({ kind: "sink", sink: new UdpServerSink(context) }),
    // The source binds the socket.
    needs: () => ({}),
  },
  {
    type: "udp_client",
    kind: "sink",
    description: "Sends datagrams. Nobody says whether they arrive: an event counts as delivered when it was sent.",
    configSchema: closed({ ...dialAddress }, ["port"]),
    create: (context) => ({ kind: "sink", sink: new UdpClientSink(context) }),
    needs,
  },
];
