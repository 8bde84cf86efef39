/** Events that have to be records. @module */
import { CaissonError } from "../../errors/caisson_error.ts";

export function recordOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CaissonError("CAISSON_OPERATOR_FAILED", {
    subject: path,
    found: value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`,
    allowed: "a record, which fields can be added to",
  });
}
