/** Whether a part can take another one's place. @module */
import type { Part } from "../connector/contract.ts";
import { CaissonError } from "../errors/caisson_error.ts";

/**
 * The managers have taken the shape of the first part for granted: the next has to fit it.
 *
 * @param equal fields that have to be the same
 * @param least numbers that must not be smaller
 * @throws {CaissonError} `CAISSON_REPLACE_FAILED`
 */
export function requireShape(
  alias: string,
  first: Part,
  next: Part,
  equal: readonly string[],
  least: readonly string[],
): void {
  const of = (part: Part, name: string): unknown => (part as unknown as Record<string, unknown>)[name];
  for (const name of equal) {
    if (of(first, name) !== of(next, name)) {
      throw replaceFailed(alias, `${name} ${String(of(next, name))} in the new version`, String(of(first, name)));
    }
  }
  for (const name of least) {
    const wanted = Number(of(first, name) ?? 0);
    if (Number(of(next, name) ?? Infinity) < wanted) {
      throw replaceFailed(alias, `${name} ${String(of(next, name))} in the new version`, `at least ${wanted}`);
    }
  }
}

/** Why an exchange did not happen. */
export function replaceFailed(alias: string, found: string, allowed?: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_REPLACE_FAILED", {
    subject: alias,
    found,
    ...(allowed === undefined ? {} : { allowed }),
    cause,
  });
}
