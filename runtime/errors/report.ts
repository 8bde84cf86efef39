/** Errors that are gathered, so that whoever mends the first one does not meet the next only then. @module */
import { CaissonError } from "./caisson_error.ts";

/** Takes an error that does not end the work. */
export type Report = (error: CaissonError) => void;

/** Does a part of a check. With `report` its error is told to it, and the result is `undefined`; else it is thrown. */
export function attempt<Result>(report: Report | undefined, work: () => Result): Result | undefined {
  if (report === undefined) return work();
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    report(error);
    return undefined;
  }
}

/** The first of the errors, standing for all; {@linkcode errorsIn} finds the others. */
export function gathered(errors: readonly CaissonError[]): CaissonError | undefined {
  const [first] = errors;
  if (first === undefined || errors.length === 1) return first;
  const { code, subject, found, allowed, action } = first;
  return new CaissonError(code, { subject, found, allowed, action, cause: new AggregateError(errors) });
}

/** Throws the first of the errors, if there is one; {@linkcode errorsIn} finds the others. */
export function throwErrors(errors: readonly CaissonError[]): void {
  const error = gathered(errors);
  if (error !== undefined) throw error;
}

/**
 * All errors that one stands for, in the order in which they were found; the first has the code and subject of the one that
 * was thrown. Of an error that stands for itself alone, that one. A flow with several mistakes is refused with all of them.
 *
 * @example Every mistake of a flow
 * ```ts
 * import { CaissonError, errorsIn, Runtime } from "@caisson/runtime";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using runtime = new Runtime();
 * const error = await assertRejects(() =>
 *   runtime.deploy({
 *     name: "wrong",
 *     connectors: { in: { type: "null" }, out: { type: "null" } },
 *     links: [{ from: "in", to: "uot" }, { from: "inn", to: "out" }],
 *   }), CaissonError);
 * assertEquals(errorsIn(error).map(({ subject }) => subject), ["wrong: links[0].to", "wrong: links[1].from"]);
 * ```
 */
export function errorsIn(error: CaissonError): readonly CaissonError[] {
  const { cause } = error;
  if (!(cause instanceof AggregateError) || cause.errors.length === 0) return [error];
  return cause.errors.every((each) => each instanceof CaissonError) ? cause.errors : [error];
}
