// deno-lint-ignore-file no-console -- the terminal is where it reports
// Every gate the CI runs, one after the other:
//
//   deno task ok
import { fileURLToPath } from "node:url";
import { type GateResult, runGate } from "./gates/gate.ts";
import { gates, TEST_GATE } from "./gates/gates.ts";

/** The counts of the last line that `deno task test` prints. */
function countsOf({ output, passed }: GateResult): [number, number] {
  const counts = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  if (counts === undefined) return [0, 1];
  const failed = Number(counts[2]);
  return [Number(counts[1]), passed ? failed : Math.max(failed, 1)];
}

async function main(): Promise<number> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const results: GateResult[] = [];
  for (const gate of await gates(root)) {
    results.push(await runGate(gate, root));
  }
  const failedGates = results.filter(({ passed }) => !passed).length;
  const tests = await runGate(TEST_GATE, root);
  const [passed, failed] = countsOf(tests);

  console.log("\n── summary");
  for (const { name, passed, seconds } of [...results, tests]) {
    const state = passed ? "ok    " : "FAILED";
    console.log(`${state} ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  }
  const total = [...results, tests]
    .reduce((sum, { seconds }) => sum + seconds, 0);
  console.log(`${results.length - failedGates} of ${results.length} gates beside the tests, ${total.toFixed(0)} s`);
  // A gate that fails counts as a failure, one that passes is no test.
  console.log(`${passed} passed, ${failed + failedGates} failed`);
  return failed + failedGates === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
