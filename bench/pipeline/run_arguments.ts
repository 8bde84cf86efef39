/** How Deno is started, whatever is measured. @module */

/** The same for all, and V8 as everybody starts it: decision 0025 has what flags would change. */
export const runArguments: readonly string[] = ["run", "-A", "--no-lock", "--no-check", "--quiet"];
