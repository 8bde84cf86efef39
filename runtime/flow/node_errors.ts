/** The errors of a part's connecting and closing. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";

/** What kept a part from connecting. */
export function connectError(subject: string, error: unknown): CaissonError {
  if (error instanceof CaissonError) return error;
  return new CaissonError("CAISSON_CONNECT_FAILED", { subject, found: messageOf(error), cause: error });
}

/** What went wrong while a part was closed. */
export function closeError(subject: string, error: unknown): CaissonError {
  if (error instanceof CaissonError) return error;
  return new CaissonError("CAISSON_CLOSE_FAILED", { subject, found: messageOf(error), cause: error });
}

/** A pipeline whose steps cannot be replaced, or that is not there. */
export function notReplaceable(alias: string, isThere: boolean, pipelines: readonly string[]): CaissonError {
  return new CaissonError("CAISSON_FLOW_INVALID", {
    subject: alias,
    found: isThere ? "a pipeline whose state is kept in a file" : "no such pipeline",
    allowed: isThere ? "a pipeline without stored state" : pipelines.join(", ") || "no pipeline: the flow has none",
    action: isThere ? "Stop the flow, change it and name another state file." : "Name a pipeline of the flow.",
  });
}
