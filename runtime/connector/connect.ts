/** Connects a part, as often as the flow says. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Reconnect } from "../flow/flow_definition.ts";
import type { Part } from "./contract.ts";
import { sleep } from "./sleep.ts";

/** What {@linkcode connectPart} needs besides the part. */
export interface ConnectOptions {
  /** `flow/connector`, for the error. */
  readonly alias: string;
  /** How to try again. @default {one attempt} */
  readonly reconnect?: Reconnect | undefined;
  /** Ends the waiting between attempts. */
  readonly signal: AbortSignal;
  /** Told about each attempt that failed and will be repeated. */
  readonly onRetry: (error: unknown, waitMs: number) => void;
}

/**
 * Calls `connect` until it succeeds.
 *
 * @throws {CaissonError} `CAISSON_CONNECT_FAILED` after the last attempt, or what the part threw when it is typed
 */
export async function connectPart(
  part: Part,
  options: ConnectOptions,
): Promise<void> {
  if (part.connect === undefined) return;
  const { alias, reconnect, signal } = options;
  const maxRetries = reconnect === undefined ? 0 : reconnect.maxRetries ?? Infinity;
  let wait = reconnect?.intervalMs ?? 0;
  for (let overall = 0;; overall++) {
    try {
      return await part.connect({ overall, sinceLastSuccess: overall });
    } catch (error) {
      if (signal.aborted || overall >= maxRetries) {
        if (error instanceof CaissonError) throw error;
        throw new CaissonError("CAISSON_CONNECT_FAILED", {
          subject: alias,
          found: `${messageOf(error)} (attempt ${overall + 1})`,
          cause: error,
        });
      }
      options.onRetry(error, wait);
      await sleep(wait, signal);
      wait *= reconnect?.growth ?? 1.5;
    }
  }
}
