/**
 * A sink that sends events to a URL, one request at a time. Any answer but 2xx fails the events of its request; redirects
 * are not followed.
 * @module
 */
import type { Context, Plugin, Sink, SinkEvent, SinkReply } from "@caisson/plugin";

interface Config {
  readonly url: string;
  readonly method?: "POST" | "PUT" | "PATCH";
  readonly headers?: Readonly<Record<string, string>>;
  readonly format?: "ndjson" | "array" | "single";
  readonly "timeout_ms"?: number;
}

const contentTypes = { ndjson: "application/x-ndjson", array: "application/json", single: "application/json" };

const NEWLINE = 10;

/** Event bytes joined; the result is memory of our own, which `fetch` can take. */
function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.byteLength;
  }
  return joined;
}

/** What a failed answer means for whoever decides about trying again. */
function explain(response: Response): string {
  const after = response.headers.get("retry-after");
  const answer = `the server answered ${response.status} ${response.statusText}`.trimEnd();
  if (after !== null) return `${answer}; it asks to retry after ${after}`;
  const again = response.status === 408 || response.status === 429 || response.status >= 500;
  return `${answer}; ${again ? "trying again may help" : "the same request will fail again"}`;
}

function webhook({ config, signal, tools }: Context<Config>): Sink {
  const { url, method = "POST", format = "ndjson", timeout_ms: timeout = 30_000 } = config;
  const headers = new Headers(config.headers);
  if (!headers.has("content-type")) headers.set("content-type", contentTypes[format]);
  const [open, comma, close, newline] = ["[", ",", "]", "\n"].map(tools.encode) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  async function send(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(explain(response));
  }

  /** One line for each event: JSON that was formatted over several lines is written anew. */
  function lines(events: readonly SinkEvent[]): Uint8Array[] {
    return events.flatMap((event) => [
      event.data.includes(NEWLINE) ? tools.encode(JSON.stringify(event.value)) : event.data,
      newline,
    ]);
  }

  async function sendEach(events: readonly SinkEvent[]): Promise<SinkReply | void> {
    const failed: { index: number; reason: string }[] = [];
    for (const [index, { data }] of events.entries()) {
      try {
        await send(join([data]));
      } catch (error) {
        if (error instanceof Error && error.name === "NotCapable") throw error;
        failed.push({ index, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    if (failed.length > 0) return { failed };
  }

  return {
    write(events) {
      if (format === "single") return sendEach(events);
      if (format === "ndjson") return send(join(lines(events)));
      return send(join([open, ...events.flatMap(({ data }, index) => index === 0 ? [data] : [comma, data]), close]));
    },
  };
}

/** The components of this plugin. */
const plugin: Plugin = { webhook };

export default plugin;
