/** How Deno is started, whatever is measured. @module */

/**
 * The same for all, also what V8 is told: how large a young generation may become. A program that has little to load, as
 * loops by hand do, gets 2 MiB by itself; a runtime gets 16 MiB while it loads its modules, which no longer fit the
 * processor's cache and take three times as long to collect. docs/operate.md says so to whom it matters, decision 0025 how much.
 *
 * @param youngMiB 4 where throughput counts, 2 where latency does
 */
export function runArguments(youngMiB: 2 | 4): readonly string[] {
  return ["run", "-A", "--no-lock", "--no-check", "--quiet", `--v8-flags=--max-semi-space-size=${youngMiB}`];
}
