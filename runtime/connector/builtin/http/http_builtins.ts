/** The connectors `http_server` and `http_client`. @module */
import { AnswersSource } from "../answers_source.ts";
import type { BuiltinComponent, BuiltinNeeds } from "../builtin.ts";
import { closed, listenAddress, type Schema, serverLimits, serverTls } from "../socket/socket_schema.ts";
import { hostAndPort, tlsFiles } from "../socket/tcp.ts";
import { HttpClientSink } from "./client_sink.ts";
import { HttpServerSink } from "./server_sink.ts";
import { HttpServerSource } from "./server_source.ts";
import { hostOfUrl } from "./url.ts";

const milliseconds = (value: number, description: string): Schema => ({
  type: "integer",
  minimum: 1,
  default: value,
  description: `${description}, milliseconds.`,
});

const contentType: Schema = {
  type: "string",
  minLength: 1,
  default: "application/json",
  description: "What the body is said to be.",
};

const serverSchema = closed({
  ...listenAddress,
  tls: serverTls,
  as: {
    enum: ["body", "request"],
    default: "body",
    description:
      "What an event is made of: the body, through preprocessors and codec; or the whole request as JSON: method, path, query, headers, peer, and body (body_base64 where it is no text).",
  },
  ...serverLimits,
  "max_body_bytes": {
    type: "integer",
    minimum: 1,
    maximum: 1 << 28,
    default: 1 << 20,
    description: "Most bytes of a body; more is answered with 413.",
  },
  "max_header_bytes": {
    type: "integer",
    minimum: 1024,
    maximum: 1 << 20,
    default: 1 << 14,
    description: "Most bytes of a request's head.",
  },
  "header_timeout_ms": milliseconds(10_000, "How long a head may take to arrive"),
  "request_timeout_ms": milliseconds(60_000, "How long a whole request may take to arrive"),
  "idle_timeout_ms": milliseconds(5_000, "How long a connection is kept between two requests"),
  "answer_timeout_ms": milliseconds(30_000, "How long the flow may take to answer; then the answer is 504"),
  "write_timeout_ms": milliseconds(30_000, "How long a peer may take nothing of its answer"),
  answer: {
    enum: ["body", "response"],
    default: "body",
    description:
      "What an event of the sink is: a piece of the body, through codec and postprocessors; or, as JSON, the whole answer: status, headers, and body (text, or anything else as JSON) or body_base64.",
  },
  status: {
    type: "integer",
    minimum: 200,
    maximum: 599,
    default: 200,
    description: "Status of an answer the flow writes, unless it says its own.",
  },
  "content_type": { ...contentType, description: "What the body is said to be, unless an answer says it by itself." },
}, ["port"]);

type Config = Readonly<Record<string, unknown>>;

const serverNeeds = ({ host = "127.0.0.1", port, tls }: Config): BuiltinNeeds => ({
  net: [hostAndPort(host as string, port as number)],
  read: tlsFiles(tls),
});

const clientSchema = closed({
  url: { type: "string", pattern: "^https?://[^/]", description: "Where to." },
  method: { enum: ["POST", "PUT", "PATCH"], default: "POST", description: "Method." },
  headers: {
    type: "object",
    additionalProperties: { type: "string" },
    default: {},
    description: "Further headers.",
  },
  per: {
    enum: ["event", "batch"],
    default: "event",
    description:
      "A request for each event, which fails by itself when it is refused, or one for all events written at once, joined by the postprocessors; without any answer all that is left fails.",
  },
  "content_type": contentType,
  "timeout_ms": milliseconds(30_000, "How long a request may take, with its answer"),
  ca: {
    type: "string",
    minLength: 1,
    description: "Path of certificates to trust beside those of the system, PEM.",
  },
  accept: {
    enum: ["success", "any"],
    default: "success",
    description: "Which answers deliver an event: those below 300, or every one that comes.",
  },
  "max_answer_bytes": {
    type: "integer",
    minimum: 0,
    maximum: 1 << 26,
    default: 1 << 20,
    description: "Longest answer that is read, where the connector has a source; a longer one fails the event.",
  },
  "max_answers": {
    type: "integer",
    minimum: 1,
    maximum: 65_536,
    default: 64,
    description: "Answers that wait for the source; with as many, the sink waits.",
  },
}, ["url"]);

/** Every connector of HTTP. */
export const httpBuiltins: readonly BuiltinComponent[] = [
  {
    type: "http_server",
    kind: "source",
    description:
      "Listens for HTTP; each request is a stream. When all of its events are settled it is answered: with what the flow wrote to the sink of the same connector, else with 204, or 503 where one failed.",
    configSchema: serverSchema,
    create: (context) => ({ kind: "source", source: new HttpServerSource(context) }),
    needs: serverNeeds,
  },
  {
    type: "http_server",
    kind: "sink",
    description: "Answers: each event goes into the answer of the request that it came from.",
    configSchema: serverSchema,
    create: (context) => ({ kind: "sink", sink: new HttpServerSink(context) }),
    // The source listens.
    needs: () => ({}),
  },
  {
    type: "http_client",
    kind: "source",
    description:
      "Answers to the requests that the sink of the same connector has sent, in their order: an event with status, headers and " +
      "body (body_base64 where it is no text) each. It ends when every other source of the flow has.",
    configSchema: clientSchema,
    create: (context) => ({ kind: "source", source: new AnswersSource(context) }),
    // The sink connects.
    needs: () => ({}),
  },
  {
    type: "http_client",
    kind: "sink",
    description:
      "Sends events as requests; an answer of 300 and above fails them, unless `accept` says otherwise. Redirects are not followed.",
    configSchema: clientSchema,
    create: (context) => ({ kind: "sink", sink: new HttpClientSink(context) }),
    needs: ({ url, ca }) => ({ net: [hostOfUrl(url as string)], read: ca === undefined ? [] : [ca as string] }),
  },
];
