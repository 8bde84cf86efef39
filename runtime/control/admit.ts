/** Who may ask the control API: nothing is looked at before this has let a request in. @module */
import { createHash, timingSafeEqual } from "node:crypto";
import { CaissonError } from "../errors/caisson_error.ts";

/** Most bytes of a request's body. */
const MAX_BODY_BYTES: number = 1 << 20;
/** Longest time a request's body may take to arrive, milliseconds. */
const BODY_MS = 10_000;

/**
 * Lets a request in that shows the token, and that no web page can have caused: a page that a browser on this machine
 * shows may send requests to loopback, and with a name that resolves to 127.0.0.1 even read the answers.
 *
 * @param hosts values of the `Host` header that are taken
 * @throws {CaissonError} `CAISSON_CONTROL_REFUSED`
 */
export function admit(request: Request, token: string, hosts: readonly string[]): void {
  const { headers } = request;
  const host = headers.get("host") ?? "";
  if (!hosts.includes(host.toLowerCase())) refuse(`Host ${JSON.stringify(host.slice(0, 100))}`, hosts.join(", "));
  const site = headers.get("sec-fetch-site");
  if (headers.has("origin") || (site !== null && site !== "none")) refuse("a request of a web page", "none of these");
  const [scheme = "", shown = ""] = (headers.get("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !sameText(shown, token)) {
    refuse("no valid token", "Authorization: Bearer TOKEN, with the token of the control file");
  }
}

function refuse(found: string, allowed: string): never {
  throw new CaissonError("CAISSON_CONTROL_REFUSED", { subject: "control", found, allowed });
}

/** Compares digests, so that neither length nor first difference can be measured. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/**
 * The body as a JSON object; an empty one where there is none.
 *
 * @throws {CaissonError} `CAISSON_CONTROL_REQUEST` when it is too large, too slow or no JSON object
 */
export async function readBody(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const text = new TextDecoder().decode(await readBytes(request));
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badRequest("a body that is no JSON", "a JSON object", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("a body that is no JSON object", "a JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
}

async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body.getReader();
  const late = setTimeout(() => void reader.cancel().catch(() => {}), BODY_MS);
  const started = performance.now();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      if (bytes > MAX_BODY_BYTES) {
        void reader.cancel().catch(() => {});
        throw badRequest(`a body of more than ${MAX_BODY_BYTES} bytes`, `at most ${MAX_BODY_BYTES} bytes`);
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(late);
  }
  if (performance.now() - started >= BODY_MS) throw badRequest("a body that did not arrive", `within ${BODY_MS} ms`);
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** An error about what was asked. */
export function badRequest(found: string, allowed: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_CONTROL_REQUEST", { subject: "control", found, allowed, cause });
}
