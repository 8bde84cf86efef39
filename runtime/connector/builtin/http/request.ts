/** What a request holds. @module */
import type { IncomingMessage } from "node:http";

/** A body beyond its limit. */
export class BodyTooLarge extends Error {}

/** Reads a body whole. @throws {BodyTooLarge} as soon as it is larger than `most` bytes */
export async function readBody(request: IncomingMessage, most: number): Promise<Uint8Array> {
  if (Number(request.headers["content-length"]) > most) throw new BodyTooLarge();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    if (length > most) throw new BodyTooLarge();
    pieces.push(piece);
  }
  return joinPieces(pieces, length);
}

/** Puts pieces into one. */
export function joinPieces(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** The request as a value: the body parsed where it says that it is JSON, as text where it is, else in base64. */
export function requestValue(request: IncomingMessage, body: Uint8Array): Record<string, unknown> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  return {
    method: request.method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: request.headers,
    peer: request.socket.remoteAddress,
    ...bodyValue(body, request.headers["content-type"] ?? ""),
  };
}

/** A body as members of a value: parsed where it is said to be JSON, as text where it is, else in base64; none when empty. */
export function bodyValue(body: Uint8Array, type: string): Record<string, unknown> {
  if (body.byteLength === 0) return {};
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return { "body_base64": body.toBase64() };
  }
  if (!/\bjson\b/.test(type)) return { body: text };
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { body: text };
  }
}
