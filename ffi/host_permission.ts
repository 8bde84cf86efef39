/** Says which flag the host process lacks. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/** Runs `action`; a refusal by Deno becomes `CAISSON_HOST_PERMISSION` that names the flag. */
export async function withPermission<Result>(
  subject: string,
  flag: string,
  action: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject,
      found: cause.message,
      allowed: flag,
      action: `Start the host with ${flag}.`,
      cause,
    });
  }
}
