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

/** Throws the first of the errors; {@linkcode errorsIn} finds the others. */
export function throwErrors(errors: readonly CaissonError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  if (errors.length === 1) throw first;
  const { code, subject, found, allowed, action } = first;
  throw new CaissonError(code, { subject, found, allowed, action, cause: new AggregateError(errors) });
}

/** All errors that one stands for, itself first. */
export function errorsIn(error: CaissonError): readonly CaissonError[] {
  const { cause } = error;
  return cause instanceof AggregateError && cause.errors.every((each) => each instanceof CaissonError)
    ? cause.errors
    : [error];
}
