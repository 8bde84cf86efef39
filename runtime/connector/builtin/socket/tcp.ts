/** Sockets of TCP, with or without TLS. @module */
import { CaissonError, messageOf } from "../../../errors/caisson_error.ts";
import type { PartContext } from "../../contract.ts";
import { openFailure, requireNet, requirePath } from "../host_permission.ts";
import type { Socket } from "./connection.ts";
import { withinDeadline } from "./deadline.ts";
import { limitsOf } from "./socket_schema.ts";
import type { ClientTransport, Listening, ServerTransport } from "./transport.ts";

interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A host and port as Deno's permissions name them. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Files a `tls` option names. */
export function tlsFiles(tls: unknown): string[] {
  return typeof tls === "object" && tls !== null ? Object.values(tls) as string[] : [];
}

/**
 * Reads a file of certificates or keys.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
 */
export function readPem(alias: string, path: string): string {
  requirePath(alias, "read", path);
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw openFailure(alias, "read", path, error);
  }
}

/** What listening or connecting threw, as an error that names the address. */
export function addressFailure(alias: string, address: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  const inUse = thrown instanceof Deno.errors.AddrInUse;
  return new CaissonError("CAISSON_CONNECT_FAILED", {
    subject: alias,
    found: `${address}: ${messageOf(thrown)}`,
    ...(inUse ? { action: "Choose another address, or end the program that listens there." } : {}),
    cause: thrown,
  });
}

/** Listens for TCP as a configuration says. */
export function tcpServer({ alias, config }: PartContext): ServerTransport {
  const host = config["host"] as string;
  const port = config["port"] as number;
  const tls = config["tls"] as { readonly cert: string; readonly key: string } | undefined;
  let address: Record<string, string | number> = {};
  return {
    limits: limitsOf(config),
    listen(): Listening {
      requireNet(alias, hostAndPort(host, port));
      const pem = tls === undefined ? undefined : { cert: readPem(alias, tls.cert), key: readPem(alias, tls.key) };
      try {
        const listener = pem === undefined
          ? Deno.listen({ hostname: host, port })
          : Deno.listenTls({ hostname: host, port, ...pem });
        address = { host: listener.addr.hostname, port: listener.addr.port };
        return listener;
      } catch (error) {
        throw addressFailure(alias, hostAndPort(host, port), error);
      }
    },
    async opened(socket): Promise<void> {
      if (tls === undefined) return prepare(socket as Deno.TcpConn);
      const connection = socket as Deno.TlsConn;
      await withinDeadline(
        connection.handshake().then(() => connection),
        config["handshake_timeout_ms"] as number,
        alias,
        "the handshake of TLS",
      );
    },
    address: () => address,
  };
}

/** Small answers are sent at once, and a peer that has vanished without a word is noticed in the end. */
function prepare(socket: Deno.TcpConn): void {
  try {
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
  } catch {
    // The peer is gone again already; reading will tell.
  }
}

/** Connects with TCP as a configuration says. */
export function tcpClient({ alias, config }: PartContext): ClientTransport {
  const hostname = config["host"] as string;
  const port = config["port"] as number;
  const tls = config["tls"] as boolean | TlsFiles;
  const address = hostAndPort(hostname, port);
  return {
    limits: limitsOf(config),
    async dial(): Promise<Socket> {
      requireNet(alias, address);
      const opening: Promise<Socket> = tls === false
        ? dialPlain(hostname, port)
        : dialTls(alias, hostname, port, tls === true ? {} : tls);
      try {
        return await withinDeadline(opening, config["connect_timeout_ms"] as number, alias, `connecting to ${address}`);
      } catch (error) {
        throw addressFailure(alias, address, error);
      }
    },
  };
}

async function dialPlain(hostname: string, port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname, port });
  prepare(connection);
  return connection;
}

async function dialTls(alias: string, hostname: string, port: number, files: TlsFiles): Promise<Deno.TlsConn> {
  const pem = (path: string | undefined): string | undefined => path === undefined ? undefined : readPem(alias, path);
  const [ca, cert, key] = [pem(files.ca), pem(files.cert), pem(files.key)];
  const connection = await Deno.connectTls({
    hostname,
    port,
    ...(ca === undefined ? {} : { caCerts: [ca] }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
