/** How Deno is started, whatever is measured. @module */

/** The same for all, and V8 as everybody starts it: decision 0025 has what flags would change. */
export const runArguments: readonly string[] = ["run", "-A", "--no-lock", "--no-check", "--quiet"];

/**
 * For latency, beside that: given at once, the young generation that flow and loop both had after 400 s of it. Decision 0026
 * has how that was found.
 */
export const settledArguments: readonly string[] = ["--v8-flags=--min-semi-space-size=8"];
