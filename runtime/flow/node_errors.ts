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
