/** Asks the control API of a running host. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { errorOf } from "../errors/error_document.ts";
import { readControlFile } from "./control_file.ts";

/** One question to a host. */
export interface ControlQuestion {
  /** Method. */
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** What is sent as JSON. @default {nothing} */
  readonly body?: unknown;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/**
 * Asks the host whose control file this is, and returns the answer: a document, or a text for `/metrics`.
 *
 * @throws {CaissonError} `CAISSON_CONTROL_UNREACHABLE`, or the host's own refusal
 */
export async function askHost(file: string, { method, path, body, signal }: ControlQuestion): Promise<unknown> {
  const { address, token } = await readControlFile(file);
  const socket = address.startsWith("unix:") ? address.slice(5) : undefined;
  using client = socket === undefined
    ? undefined
    : Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  let response: Response;
  try {
    response = await fetch(`${socket === undefined ? address : "http://localhost"}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(client === undefined ? {} : { client }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new CaissonError("CAISSON_CONTROL_UNREACHABLE", { subject: address, found: messageOf(cause), cause });
  }
  if (response.headers.get("content-type")?.startsWith("text/plain")) return await response.text();
  const document = await response.json();
  if (response.ok) return document;
  throw errorOf(document);
}
