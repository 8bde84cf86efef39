/** The error buffer a native call fills, and the exception made of it. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import {
  CLASS_CONFIG,
  CLASS_FATAL,
  CLASS_PERMANENT,
  CLASS_THROTTLED,
  CLASS_TRANSIENT,
  ERROR_LAYOUT,
} from "../runtime/data/layout.ts";

const CLASS_NAMES: ReadonlyMap<number, string> = new Map([
  [CLASS_TRANSIENT, "transient"],
  [CLASS_THROTTLED, "throttled"],
  [CLASS_PERMANENT, "permanent"],
  [CLASS_CONFIG, "config"],
  [CLASS_FATAL, "fatal"],
]);
const MESSAGE_BYTES = ERROR_LAYOUT.bytes - ERROR_LAYOUT.message;

/** A native function failed; code `CAISSON_NATIVE_CALL`. */
export class NativeCallError extends CaissonError {
  /** What the function returned, negative. */
  readonly status: number;
  /** Code the plugin gave. */
  readonly nativeCode: number;
  /** `CAISSON_CLASS_*`: what retries and circuit breakers read. */
  readonly failureClass: number;
  /** When to try again, milliseconds; 0 is the host's choice. */
  readonly retryAfterMs: number;
  /** Bytes that would have been enough, after `CAISSON_E_SPACE`. */
  readonly need: number;

  /** Reads an error buffer. */
  constructor(subject: string, status: number, buffer: Uint8Array) {
    // Copied out first: a plugin with threads may still be writing.
    const bytes = buffer.slice(0, ERROR_LAYOUT.bytes);
    const view = new DataView(bytes.buffer);
    const nativeCode = view.getInt32(ERROR_LAYOUT.code, true);
    const failureClass = view.getUint16(ERROR_LAYOUT.failureClass, true);
    const length = Math.min(
      view.getUint32(ERROR_LAYOUT.messageLength, true),
      MESSAGE_BYTES,
    );
    const message = new TextDecoder().decode(
      bytes.subarray(ERROR_LAYOUT.message, ERROR_LAYOUT.message + length),
    );
    const className = CLASS_NAMES.get(failureClass) ?? `class ${failureClass}`;
    super("CAISSON_NATIVE_CALL", {
      subject,
      found: `${message === "" ? "no message" : message} (code ${nativeCode}, ${className})`,
    });
    this.status = status;
    this.nativeCode = nativeCode;
    this.failureClass = failureClass;
    this.retryAfterMs = view.getUint32(ERROR_LAYOUT.retryAfterMs, true);
    this.need = view.getUint32(ERROR_LAYOUT.need, true);
  }
}

/** Memory for a native call to describe its failure in; reuse it for every call of an instance. */
export function createErrorBuffer(): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(ERROR_LAYOUT.bytes);
  new DataView(buffer.buffer).setUint32(
    ERROR_LAYOUT.size,
    ERROR_LAYOUT.bytes,
    true,
  );
  return buffer;
}
