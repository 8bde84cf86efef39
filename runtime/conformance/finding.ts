/** What a check found to be wrong. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";

/** The error of a check that did not pass. */
export function broken(found: string, allowed: string): CaissonError {
  return new CaissonError("CAISSON_CONFORMANCE_FAILED", { subject: "component", found, allowed });
}

/** Lets what was put off happen: an error thrown by a timer ends an instance, too. */
export async function letTimersRun(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Whether somebody gave up waiting. */
export function isTimeout(thrown: unknown): boolean {
  return thrown instanceof CaissonError && thrown.code === "CAISSON_PLUGIN_TIMEOUT";
}

/** What a call was refused with; `undefined` when it was not. */
export async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (thrown) {
    return thrown ?? "nothing";
  }
}

/** What was thrown, as the detail of a check. */
export function detailOf(thrown: unknown): string {
  if (!(thrown instanceof CaissonError) || thrown.code !== "CAISSON_CONFORMANCE_FAILED") return messageOf(thrown);
  return `${thrown.found}; allowed: ${thrown.allowed}`;
}
