/** How Deno is started, whatever is measured. @module */

/** The same for all, and V8 as everybody starts it: decision 0025 has what flags would change. */
export const runArguments: readonly string[] = ["run", "-A", "--no-lock", "--no-check", "--quiet"];

/**
 * For latency, beside that: the young generation that V8 gives any program within ten minutes of the same load, given at
 * once. Decision 0026 has how it was found.
 */
export const settledArguments: readonly string[] = ["--v8-flags=--min-semi-space-size=16"];
