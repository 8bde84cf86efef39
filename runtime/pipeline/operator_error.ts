/** What is said of an event an operator threw on. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { Event } from "../flow/delivery.ts";
import type { PipelineOptions } from "./pipeline_options.ts";

/** What an operator threw, as an error of ours. */
export function asOperatorError(subject: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  return new CaissonError("CAISSON_OPERATOR_FAILED", { subject, found: messageOf(thrown), cause: thrown });
}

/** The value of an event, or its text when it does not decode. */
export function readable(event: Event): unknown {
  try {
    return event.value;
  } catch {
    // The value did not decode: that is the error being reported, so its bytes have to do.
    return new TextDecoder().decode(
      event.batch!.payload(event.index).slice(0, 4096),
    );
  }
}

/** Lets an operator act without an event at hand, which could take the blame: what it throws is reported, and the flow goes on. */
export function actAlone({ alias, onError }: Pick<PipelineOptions, "alias" | "onError">, act: () => void): void {
  try {
    act();
  } catch (error) {
    onError(asOperatorError(alias, error));
  }
}
