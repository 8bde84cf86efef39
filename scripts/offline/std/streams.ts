/**
 * Stand-in for `@std/streams`, for machines that cannot reach JSR. It holds
 * only what this project uses, with the names and types of the original.
 *
 * @module
 */

/** Reads a stream to its end as text. */
export async function toText(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream as ReadableStream<string | Uint8Array>) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Reads a stream to its end as JSON. */
export async function toJson(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<unknown> {
  return JSON.parse(await toText(stream));
}

/** Reads a stream to its end as bytes. */
export async function toBytes(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Options of {@linkcode TextLineStream}. */
export interface TextLineStreamOptions {
  /**
   * Whether a lone carriage return ends a line too.
   *
   * @default {false}
   */
  allowCR?: boolean;
}

/** Cuts a stream of text into its lines, without their ends. */
export class TextLineStream extends TransformStream<string, string> {
  #rest = "";

  /** Makes a stream that cuts at `\n` and `\r\n`. */
  constructor(options: TextLineStreamOptions = { allowCR: false }) {
    // A carriage return at the very end waits: a line feed may follow it.
    const end = options.allowCR ? /\r\n|\n|\r(?!$)/ : /\r?\n/;
    super({
      transform: (chunk, controller) => {
        const lines = (this.#rest + chunk).split(end);
        this.#rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line);
      },
      flush: (controller) => {
        if (this.#rest === "") return;
        const last = options.allowCR && this.#rest.endsWith("\r") ? this.#rest.slice(0, -1) : this.#rest;
        controller.enqueue(last);
      },
    });
  }
}

/** One stream of what several yield, in the order it arrives. */
export function mergeReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T> {
  return new ReadableStream<T>({
    async start(controller) {
      let failed = false;
      const pump = async (stream: ReadableStream<T>) => {
        for await (const chunk of stream) {
          if (failed) return;
          controller.enqueue(chunk);
        }
      };
      try {
        await Promise.all(streams.map(pump));
        controller.close();
      } catch (error) {
        failed = true;
        controller.error(error);
      }
    },
  });
}
