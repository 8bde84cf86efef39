/** The one error type of the runtime. @module */
import { codes, type ErrorCode } from "./codes.ts";

/** What a {@linkcode CaissonError} says besides its code. */
export interface CaissonErrorOptions {
  /** What the error is about: a file with a path in it, a plugin, a flow, a connector. */
  readonly subject: string;
  /** What was found there. */
  readonly found: string;
  /** What would have been accepted. */
  readonly allowed?: string;
  /** What to do next; a command where there is one. @default {the action listed for the code} */
  readonly action?: string;
  /** The error underneath. */
  readonly cause?: unknown;
}

/**
 * An error with a stable code that names its subject, what was found, what is allowed and what to do next.
 *
 * Every code is listed in `docs/errors.md`.
 *
 * @example Reading the parts
 * ```ts
 * import { CaissonError } from "@caisson/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new CaissonError("CAISSON_FLOW_INVALID", { subject: "flow.json: links[0]", found: "port 'ot'", allowed: "out, err" });
 * assertEquals(error.code, "CAISSON_FLOW_INVALID");
 * ```
 */
export class CaissonError extends Error {
  /** Always `CaissonError`. */
  override readonly name = "CaissonError";
  /** Stable code, such as `CAISSON_ABI_MISMATCH`. */
  readonly code: ErrorCode;
  /** What the error is about. */
  readonly subject: string;
  /** What was found. */
  readonly found: string;
  /** What would have been accepted, or an empty string. */
  readonly allowed: string;
  /** What to do next. */
  readonly action: string;

  /** Creates an error of a listed code. */
  constructor(code: ErrorCode, options: CaissonErrorOptions) {
    const { subject, found, allowed = "", action = codes[code].action, cause } = options;
    super(
      `${subject}: ${found}${allowed === "" ? "" : `; allowed: ${allowed}`} [${code}]`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.subject = subject;
    this.found = found;
    this.allowed = allowed;
    this.action = action;
  }

  /** Exit code of the command line for this error: 1 failure, 2 usage, 3 refused plugin, 4 missing permission. */
  get exitCode(): number {
    return codes[this.code].exit;
  }

  /** The parts as a plain object, for `--json` and the audit log. */
  toJSON(): {
    code: string;
    subject: string;
    found: string;
    allowed: string;
    action: string;
  } {
    const { code, subject, found, allowed, action } = this;
    return { code, subject, found, allowed, action };
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
