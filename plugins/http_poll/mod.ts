/**
 * A source that asks a URL again and again, with `If-None-Match` and `If-Modified-Since` once the server has given it
 * something to compare with: an answer of 304 makes no event.
 * @module
 */
import type { Context, Plugin, Source, SourceReply } from "@caisson/plugin";

interface Config {
  readonly url: string;
  readonly "interval_ms"?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly "timeout_ms"?: number;
  readonly "max_response_bytes"?: number;
  readonly output?: "body" | "response";
  readonly count?: number;
  readonly "max_failures"?: number;
}

/** Reads a body up to a limit; throws, and stops the download, when there is more. */
async function readBody(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > limit) throw new Error(`the body is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

function parsed(text: string, response: Response): unknown {
  if (!/[/+]json\b/.test(response.headers.get("content-type") ?? "")) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A server may call something JSON that is not; the event shows what it sent.
    return text;
  }
}

function httpPoll({ config, signal, log, tools }: Context<Config>): Source {
  const { url, interval_ms: interval = 60_000, timeout_ms: timeout = 30_000, output = "body" } = config;
  const { max_response_bytes: limit = 1 << 20, count = Infinity, max_failures: most = Infinity } = config;
  let etag: string | null = null;
  let modified: string | null = null;
  let due = 0;
  let answers = 0;
  let failures = 0;

  async function ask(): Promise<SourceReply> {
    const headers = new Headers(config.headers);
    if (etag !== null) headers.set("if-none-match", etag);
    if (modified !== null) headers.set("if-modified-since", modified);
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) });
    if (response.status === 304) {
      await response.body?.cancel();
      return { kind: "idle", retryAfterMs: 0 };
    }
    if (!response.ok && output === "body") {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    }
    const body = await readBody(response, limit);
    // Only now: a body that was not read to its end has to be sent again.
    if (response.ok) [etag, modified] = [response.headers.get("etag"), response.headers.get("last-modified")];
    return output === "body"
      ? { kind: "data", chunks: [body] }
      : { kind: "events", values: [{ status: response.status, body: parsed(tools.decode(body), response) }] };
  }

  return {
    async read() {
      if (answers >= count) return { kind: "finished" };
      const wait = due - performance.now();
      if (wait > 0) return { kind: "idle", retryAfterMs: wait };
      try {
        const reply = await ask();
        failures = 0;
        answers++;
        return reply;
      } catch (error) {
        // Waiting does not help against a refused permission, and a source that stops has nobody to tell.
        if (signal.aborted || (error instanceof Error && error.name === "NotCapable")) throw error;
        const message = `${url}: ${error instanceof Error ? error.message : error}`;
        if (++failures >= most) throw new Error(`${message}, ${failures} times in a row`, { cause: error });
        log.warning(`${message}; asking again in ${interval} ms`);
        return { kind: "idle", retryAfterMs: interval };
      } finally {
        due = performance.now() + interval;
      }
    },
  };
}

/** The components of this plugin. */
const plugin: Plugin = { "http_poll": httpPoll };

export default plugin;
