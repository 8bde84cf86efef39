/** Configuration that socket connectors have in common. @module */
import type { SocketLimits } from "./connections.ts";

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** Host and port of a server. */
export const listenAddress: Schema = {
  host: { type: "string", minLength: 1, default: "127.0.0.1", description: "Address to listen on; 0.0.0.0 is all." },
  port: { type: "integer", minimum: 0, maximum: 65535, description: "Port to listen on; 0 chooses a free one." },
};

/** Host and port of a client. */
export const dialAddress: Schema = {
  host: { type: "string", minLength: 1, default: "127.0.0.1", description: "Host to connect to." },
  port: { type: "integer", minimum: 1, maximum: 65535, description: "Port to connect to." },
};

const file = (description: string): Schema => ({ type: "string", minLength: 1, description });

/** Key and certificate of a server. */
export const serverTls: Schema = {
  type: "object",
  properties: {
    cert: file("Path of the certificate chain, PEM."),
    key: file("Path of the private key, PEM."),
  },
  required: ["cert", "key"],
  additionalProperties: false,
  description: "Speak TLS, with this certificate.",
};

/** Certificates of a client with TLS: what it trusts, and its own. */
export const clientTlsFiles: Schema = {
  type: "object",
  properties: {
    ca: file("Path of certificates to trust beside those of the system, PEM."),
    cert: file("Path of the client's own certificate chain, PEM."),
    key: file("Path of the client's private key, PEM."),
  },
  additionalProperties: false,
};

/** What a client asks of a server's certificate, and its own. */
export const clientTls: Schema = {
  anyOf: [{ type: "boolean" }, clientTlsFiles],
  default: false,
  description: "Speak TLS; the server's certificate is always checked.",
};

/** How long opening may take. */
export const connectTimeout: Schema = {
  "connect_timeout_ms": {
    type: "integer",
    minimum: 1,
    default: 10_000,
    description: "How long connecting may take, the handshake of TLS included, milliseconds.",
  },
};

/** How many connections, and how long a handshake may take. */
export const serverLimits: Schema = {
  "max_connections": {
    type: "integer",
    minimum: 1,
    maximum: 65_536,
    default: 1024,
    description: "Most connections at a time; further ones are closed at once.",
  },
};

/** The handshake's limit of a server with TLS. */
export const handshakeTimeout: Schema = {
  "handshake_timeout_ms": {
    type: "integer",
    minimum: 1,
    default: 10_000,
    description: "How long the handshake of TLS may take, milliseconds.",
  },
};

/** What a client does when the server closes the connection. */
export const atEnd: Schema = {
  "at_end": {
    enum: ["end", "reconnect"],
    default: "end",
    description: "When the server closes the connection in good order: end the source, or count it as a loss.",
  },
};

/** Limits of each connection; a server's idle one differs from a client's. */
export function connectionLimits(idleMs: number): Schema {
  return {
    "idle_timeout_ms": {
      type: "integer",
      minimum: 0,
      default: idleMs,
      description:
        "How long a peer may send nothing while its data is waited for, milliseconds; 0: for ever. A connection with events that are not settled is not idle.",
    },
    "write_timeout_ms": {
      type: "integer",
      minimum: 0,
      default: 30_000,
      description: "How long a peer may take nothing of what is written to it, milliseconds; 0: for ever.",
    },
    "read_bytes": {
      type: "integer",
      minimum: 512,
      maximum: 1 << 24,
      default: 1 << 16,
      description: "Most bytes a read asks for; a connection never holds more that the flow has not taken.",
    },
  };
}

/** The limits in a checked configuration. */
export function limitsOf(config: Readonly<Record<string, unknown>>): SocketLimits {
  return {
    maxConnections: config["max_connections"] as number | undefined ?? 1,
    idleMs: config["idle_timeout_ms"] as number,
    writeMs: config["write_timeout_ms"] as number,
    readBytes: config["read_bytes"] as number,
  };
}

/** An object schema without other keys. */
export function closed(properties: Schema, required: readonly string[]): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}
