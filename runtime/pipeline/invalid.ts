/** Refuses a pipeline. @module */
import { CaissonError } from "../errors/caisson_error.ts";

/** The error for a value of a pipeline that cannot be. */
export function invalid(subject: string, found: string, allowed: string, action?: string): CaissonError {
  return new CaissonError("CAISSON_FLOW_INVALID", {
    subject,
    found,
    allowed,
    ...(action === undefined ? {} : { action }),
  });
}
