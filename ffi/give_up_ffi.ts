/** Gives the permission to load libraries away, and proves that it is gone. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/**
 * Revokes `ffi` for the rest of the process. Whatever Deno answers, the library is then tried.
 *
 * @throws {CaissonError} `CAISSON_SANDBOX_UNSOUND` when it can still be loaded
 */
export function giveUpFfi(library: string): void {
  Deno.permissions.revokeSync({ name: "ffi" });
  Deno.permissions.revokeSync({ name: "ffi", path: library });
  for (const name of ["ffi", "run", "import"] as const) {
    const { state } = Deno.permissions.querySync({ name });
    if (state === "granted") throw unsound(`${name} is granted`);
  }
  try {
    Deno.dlopen(library, {}).close();
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotCapable) return;
    throw unsound(`loading a library gave ${String(thrown)}`);
  }
  throw unsound("a library could be loaded");
}

function unsound(found: string): CaissonError {
  return new CaissonError("CAISSON_SANDBOX_UNSOUND", {
    subject: "guard",
    found,
    allowed: "no permission to load libraries once the host's memory is mapped",
  });
}
