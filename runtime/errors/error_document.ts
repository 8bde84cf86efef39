/** Errors as plain data: what `--json` prints and what the control API answers. @module */
import { CaissonError } from "./caisson_error.ts";
import { codes, type ErrorCode } from "./codes.ts";
import { errorsIn, gathered } from "./report.ts";

type ErrorParts = ReturnType<CaissonError["toJSON"]>;

/** The error, and where it stands for several, all of them. */
export interface ErrorDocument {
  /** The first. */
  readonly error: ErrorParts;
  /** All of them, the first included. @default {there is only one} */
  readonly errors?: readonly ErrorParts[];
}

/** The document of an error. */
export function errorDocument(error: CaissonError): ErrorDocument {
  const errors = errorsIn(error);
  return { error: error.toJSON(), ...(errors.length < 2 ? {} : { errors: errors.map((each) => each.toJSON()) }) };
}

/** The error of a document, which may come from a version that knows other codes. */
export function errorOf({ error, errors = [] }: ErrorDocument): CaissonError {
  return gathered((errors.length === 0 ? [error] : errors).map(({ code, ...parts }) => {
    const known: ErrorCode = Object.hasOwn(codes, code) ? code as ErrorCode : "CAISSON_INTERNAL";
    return new CaissonError(known, parts);
  }))!;
}
