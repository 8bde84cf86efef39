/** The type of the events a pipeline of the typed builder takes, checked at run time or not. @module */
import { CaissonError } from "../../errors/caisson_error.ts";

/** A schema of any library that follows Standard Schema, such as zod: its type is the type of the events. */
export interface StandardSchema<Value> {
  /** What the standard asks for. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => { readonly value: Value; readonly issues?: undefined } | {
      readonly issues: readonly { readonly message: string }[];
    } | Promise<unknown>;
    readonly types?: { readonly input: unknown; readonly output: Value } | undefined;
  };
}

/** The type of events, without a check at run time. */
export interface Shape<Value> {
  /** For the type checker only. */
  readonly "~shape"?: Value;
}

/** Says what type events have, without checking them. */
export function shape<Value>(): Shape<Value> {
  return {};
}

/** What the schema makes of an event. @throws {CaissonError} `CAISSON_OPERATOR_FAILED` for one it refuses */
export function checked<Value>(schema: StandardSchema<Value>, value: unknown, name: string): Value {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new CaissonError("CAISSON_OPERATOR_FAILED", {
      subject: `${name}/in`,
      found: "a schema that checks asynchronously",
      allowed: "a schema that answers at once",
    });
  }
  if (result.issues === undefined) return result.value;
  throw new CaissonError("CAISSON_OPERATOR_FAILED", {
    subject: `${name}/in`,
    found: "an event the schema refuses",
    allowed: result.issues.map(({ message }) => message).join("; ").slice(0, 300),
  });
}
