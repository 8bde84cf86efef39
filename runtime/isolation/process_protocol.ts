/**
 * What host and plugin process say over the process's stdin and stdout: one JSON document a line, the messages of
 * `worker_protocol.ts`, but for `open`, which is flat so that a program in C can read it. An empty line is a doorbell: "look
 * at the rings".
 * @module
 */
import type { CodecDirection, HostedKind } from "./worker_protocol.ts";

/** Longest line either side may send, bytes without the line feed. */
export const LINE_MAX = 65_536;

/** From the host: map the memory, load the plugin, create the component. */
export interface ProcessOpenMessage {
  readonly type: "open";
  /** What to open and map, and how many bytes of it. */
  readonly memory: string;
  readonly bytes: number;
  /** TypeScript: URL of the plugin's module. */
  readonly module?: string;
  /** Native: path of the library's private copy. */
  readonly library?: string;
  /** Name of the component, and its number in `provides`. */
  readonly component: string;
  readonly index: number;
  readonly kind: HostedKind;
  readonly alias: string;
  /** Configuration as JSON. */
  readonly config: string;
  readonly codec: string;
  /** Codec: which way this instance works. */
  readonly direction?: CodecDirection;
  /** Offset of the ring the plugin empties, -1 for none. */
  readonly input: number;
  /** Offset of the ring the plugin fills, -1 for none. */
  readonly output: number;
  /** Offset of two counters of 4 bytes, events delivered and failed modulo 2^32; -1 for none. */
  readonly settled: number;
  /** Geometry of both rings. */
  readonly slots: number;
  readonly capacity: number;
  readonly arena: number;
  /** Native source: offset and entries of the ring of settlements. */
  readonly settlements?: number;
  readonly settlementSlots?: number;
}

/** Cuts a stream of bytes into lines. */
export class LineReader {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  #rest = "";

  /** `onLine` is called for each line that is not empty. */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes the next bytes; returns how many empty lines were among them, or -1 when a line is too long. */
  push(bytes: Uint8Array): number {
    // Doorbells come one at a time, and often.
    if (bytes.length === 1 && bytes[0] === 10 && this.#rest === "") return 1;
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    let bells = 0;
    for (const line of lines) {
      if (line.length > LINE_MAX) return -1;
      if (line === "") bells++;
      else this.#onLine(line);
    }
    return this.#rest.length > LINE_MAX ? -1 : bells;
  }
}
