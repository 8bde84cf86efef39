/** How Deno is started, whatever is measured. @module */

/**
 * The same for all, also what V8 is told: a young generation of at most 4 MiB. A program that has little to load, as loops
 * by hand do, gets no more by itself; a runtime gets 16 MiB while it loads its modules, which no longer fit the processor's
 * cache and take three times as long to collect. docs/operate.md says so to whom it matters, decision 0025 how much.
 */
export const RUN: readonly string[] = [
  "run",
  "-A",
  "--no-lock",
  "--no-check",
  "--quiet",
  "--v8-flags=--max-semi-space-size=4",
];
