/** How a connection becomes one of WebSocket. @module */
import { createHash } from "node:crypto";
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { Socket } from "../socket/connection.ts";

/** Most bytes of a head; what comes behind it fits into a connection's input for that reason. */
const MAX_HEAD_BYTES = 1 << 14;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const latin1 = new TextDecoder("latin1");
const utf8 = new TextEncoder();

interface Head {
  readonly first: string;
  readonly fields: ReadonlyMap<string, string>;
  /** What came behind it. */
  readonly rest: Uint8Array;
}

function failure(alias: string, found: string): CaissonError {
  return new CaissonError("CAISSON_CONNECT_FAILED", { subject: alias, found });
}

async function readHead(socket: Socket, alias: string): Promise<Head> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  for (let used = 0; used < MAX_HEAD_BYTES;) {
    const length = await socket.read(buffer.subarray(used));
    if (length === null) throw failure(alias, "a connection that ended in the handshake of WebSocket");
    used += length;
    const text = latin1.decode(buffer.subarray(0, used));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const [first, ...lines] = text.slice(0, end).split("\r\n");
    const fields = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon < 1) throw failure(alias, "a head that is not HTTP");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
    }
    return { first: first!, fields, rest: buffer.slice(end + 4, used) };
  }
  throw failure(alias, `a head over ${MAX_HEAD_BYTES} bytes`);
}

async function send(socket: Socket, text: string): Promise<void> {
  const bytes = utf8.encode(text);
  for (let at = 0; at < bytes.byteLength;) at += await socket.write(bytes.subarray(at));
}

const has = (fields: ReadonlyMap<string, string>, name: string, token: string): boolean =>
  (fields.get(name) ?? "").toLowerCase().split(",").some((each) => each.trim() === token);

const acceptOf = (key: string): string => createHash("sha1").update(key + GUID).digest("base64");

/** What a server takes. */
export interface Offer {
  /** Path that has to be asked for; absent: any. */
  readonly path: string | undefined;
  /** Origins whose pages may connect; `*` is all. */
  readonly origins: readonly string[];
}

/**
 * Answers a client's handshake.
 *
 * @returns what came behind it
 * @throws {CaissonError} `CAISSON_CONNECT_FAILED` when it was refused
 */
export async function acceptUpgrade(socket: Socket, alias: string, { path, origins }: Offer): Promise<Uint8Array> {
  const { first, fields, rest } = await readHead(socket, alias);
  const refuse = async (status: string, found: string, more = ""): Promise<never> => {
    await send(socket, `HTTP/1.1 ${status}\r\n${more}Connection: close\r\nContent-Length: 0\r\n\r\n`);
    throw failure(alias, found);
  };
  const [method, target = "", version] = first.split(" ");
  const key = fields.get("sec-websocket-key") ?? "";
  if (method !== "GET" || version !== "HTTP/1.1" || !has(fields, "upgrade", "websocket")) {
    return await refuse("426 Upgrade Required", "a request that is not for WebSocket", "Upgrade: websocket\r\n");
  }
  if (!has(fields, "connection", "upgrade") || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    return await refuse("400 Bad Request", "a handshake without connection or key");
  }
  if (fields.get("sec-websocket-version") !== "13") {
    return await refuse("426 Upgrade Required", "a version other than 13", "Sec-WebSocket-Version: 13\r\n");
  }
  const asked = target.split("?", 1)[0]!;
  if (path !== undefined && asked !== path) {
    return await refuse("404 Not Found", `a request for ${JSON.stringify(asked)}`);
  }
  // Any page a user of this machine opens may connect to it; only a browser says for which page it does.
  const origin = fields.get("origin");
  if (origin !== undefined && !origins.includes("*") && !origins.includes(origin)) {
    return await refuse("403 Forbidden", `a page of ${JSON.stringify(origin)}, which is not in allowed_origins`);
  }
  await send(
    socket,
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${
      acceptOf(key)
    }\r\n\r\n`,
  );
  return rest;
}

/**
 * Asks a server for WebSocket.
 *
 * @returns what came behind its answer
 * @throws {CaissonError} `CAISSON_CONNECT_FAILED` when it refuses, or answers something else
 */
export async function requestUpgrade(
  socket: Socket,
  alias: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  const more = Object.entries(headers).map(([name, value]) => {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[\r\n\0]/.test(value)) {
      throw failure(alias, `a header that HTTP does not allow: ${JSON.stringify(name)}`);
    }
    return `${name}: ${value}\r\n`;
  });
  await send(
    socket,
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${more.join("")}\r\n`,
  );
  const { first, fields, rest } = await readHead(socket, alias);
  if (!/^HTTP\/1\.1 101(?: |$)/.test(first)) throw failure(alias, `${url.host} answered ${JSON.stringify(first)}`);
  if (
    !has(fields, "upgrade", "websocket") || !has(fields, "connection", "upgrade") ||
    fields.get("sec-websocket-accept") !== acceptOf(key) || fields.has("sec-websocket-extensions") ||
    fields.has("sec-websocket-protocol")
  ) throw failure(alias, `${url.host} answered the handshake of WebSocket wrongly`);
  return rest;
}
