/**
 * Blaster and blackhole in TypeScript: a source that replays from memory, a sink that counts, a processor that echoes.
 *
 * The benchmark runs this one module under every isolation made for TypeScript, and in the host itself.
 * @module
 */
import type { Context, Plugin, Processor, Sink, Source } from "@caisson/plugin";

interface ReplayConfig {
  readonly path?: string;
  readonly framing?: "line" | "prefixed";
  readonly "event_bytes"?: number;
  readonly batch?: number;
}

function cutLines(bytes: Uint8Array): Uint8Array[] {
  const events: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.byteLength : newline;
    if (end > at) events.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return events;
}

function cutPrefixed(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.byteLength;) {
    const length = view.getUint32(at);
    events.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return events;
}

function replay({ config }: Context<ReplayConfig>): Source {
  const { path, framing = "line", "event_bytes": eventBytes = 222, batch = 1024 } = config;
  const events = path === undefined
    ? [new Uint8Array(eventBytes).fill(0x61)]
    : framing === "line"
    ? cutLines(Deno.readFileSync(path))
    : cutPrefixed(Deno.readFileSync(path));
  // As many whole rounds as make up a batch or more; replies are windows of it, so that no read builds an array.
  const chunks: Uint8Array[] = [];
  while (chunks.length < batch) chunks.push(...events);
  const replies = Array.from({ length: events.length }, (_, turn) => {
    const from = (turn * batch) % events.length;
    return {
      kind: "data" as const,
      chunks: Array.from({ length: batch }, (_, n) => events[(from + n) % events.length]!),
    };
  });
  let next = 0;
  return {
    read() {
      const reply = replies[next]!;
      next = next + 1 === replies.length ? 0 : next + 1;
      return reply;
    },
  };
}

function swallow(): Sink {
  let count = 0;
  let bytes = 0;
  let latest = 0;
  return {
    write(events) {
      count += events.length;
      for (let index = 0; index < events.length; index++) bytes += events[index]!.data.byteLength;
      latest = events.length === 0 ? latest : Date.now() - events[0]!.timestamp;
    },
    close() {
      if (count > 0 && bytes === 0 && latest < 0) throw new RangeError("counted nothing");
    },
  };
}

function echo(): Processor {
  return { process: (events) => events.map((event) => event.value) };
}

/** The components of this plugin. */
const plugin: Plugin = { replay, swallow, echo };

export default plugin;
