/** Reads what a native plugin says about itself. @module */
import type { CommonFunctions } from "../../ffi/symbols.ts";
import type { PartMetrics } from "../connector/contract.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";

const FIRST_BYTES = 4096;
const MOST_BYTES = 1 << 20;

/** Metrics of one instance, with a buffer that is used again. */
export class NativeMetrics {
  readonly #subject: string;
  readonly #function: CommonFunctions["metrics"];
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #last: PartMetrics = {};

  /** `metrics` is `null` for a plugin that reports nothing. */
  constructor(subject: string, metrics: CommonFunctions["metrics"]) {
    this.#subject = subject;
    this.#function = metrics;
  }

  /** What the last {@linkcode read} found. */
  get last(): PartMetrics {
    return this.#last;
  }

  /**
   * Asks the plugin.
   *
   * @throws {CaissonError} `CAISSON_PLUGIN_PROTOCOL` when it answers with something else than a JSON object
   */
  read(pointer: Deno.PointerObject): PartMetrics {
    const metrics = this.#function;
    if (metrics === null) return this.#last;
    let buffer = this.#buffer ??= new Uint8Array(FIRST_BYTES);
    let length = metrics(pointer, buffer, buffer.byteLength);
    if (length < 0 && -length <= MOST_BYTES) {
      buffer = this.#buffer = new Uint8Array(-length);
      length = metrics(pointer, buffer, buffer.byteLength);
    }
    if (length < 0 || length > buffer.byteLength) throw this.#refuse(`${Math.abs(length)} bytes`);
    const text = new TextDecoder().decode(buffer.subarray(0, length));
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (cause) {
      throw this.#refuse(messageOf(cause));
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw this.#refuse(text);
    return this.#last = parsed as PartMetrics;
  }

  #refuse(found: string): CaissonError {
    return new CaissonError("CAISSON_PLUGIN_PROTOCOL", {
      subject: `${this.#subject} metrics`,
      found,
      allowed: `a JSON object of at most ${MOST_BYTES} bytes`,
    });
  }
}
