// deno-lint-ignore-file no-console -- the terminal is where it reports
// Builds the native plugins and runs the tests:
//
//   deno task test [--coverage] [--no-check] [PATH | FLAG OF deno test]…
//   deno task ok:long          (with --long: the tests of tests/long)
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { buildNativePlugins } from "./testing/build_plugins.ts";
import { percent } from "./testing/coverage.ts";
import { COVERED_FOLDERS, measureCoverage } from "./testing/measure_coverage.ts";
import { checkTests, runLongTests, runTests } from "./testing/run_tests.ts";
import { addCounts, countLine, type Counts } from "./testing/summary.ts";

/** Lines of each covered folder together that tests must run, in percent. */
const REQUIRED_COVERAGE = 85;

/** Prints the coverage by folder, and its weakest files. */
async function coverageHolds(root: string, profiles: string): Promise<boolean> {
  const files = await measureCoverage(root, profiles);
  const weak = files.filter((file) => percent([file]) < REQUIRED_COVERAGE)
    .sort((a, b) => (b.lines - b.hit) - (a.lines - a.hit));
  for (const { path, lines, hit } of weak.slice(0, 15)) {
    console.log(`  ${path}: ${hit} of ${lines} lines`);
  }
  for (const folder of COVERED_FOLDERS) {
    const below = files.filter(({ path }) => path.startsWith(folder));
    console.log(`${folder} ${percent(below).toFixed(1)} % of lines`);
  }
  const total = percent(files);
  console.log(
    `line coverage ${total.toFixed(1)} %, required ${REQUIRED_COVERAGE} %`,
  );
  return total >= REQUIRED_COVERAGE;
}

async function main(args: readonly string[]): Promise<number> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const flags = new Set(["--coverage", "--brief", "--long", "--no-check"]);
  const chosen = new Set(args.filter((arg) => flags.has(arg)));
  const rest = args.filter((arg) => !flags.has(arg));
  try {
    const built = await buildNativePlugins(root);
    console.log(`native plugins: ${built.join(", ") || "none"}`);
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    console.log(countLine({ passed: 0, failed: 1, ignored: 0 }));
    return 1;
  }
  const coverage = chosen.has("--coverage") ? join(root, "coverage") : undefined;
  if (coverage !== undefined) {
    await Deno.remove(coverage, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  const run = chosen.has("--long") ? runLongTests : runTests;
  const { counts: counted, failures } = await run({
    root,
    args: rest,
    brief: chosen.has("--brief"),
    ...(coverage !== undefined && { coverage }),
  });
  let counts: Counts = counted;
  if (!chosen.has("--no-check") && !await checkTests(root)) {
    counts = addCounts(counts, { passed: 0, failed: 1, ignored: 0 });
  }
  if (chosen.has("--long") && counts.passed + counts.failed === 0) {
    console.log("tests/long holds no tests");
  }
  if (coverage !== undefined && !await coverageHolds(root, coverage)) {
    console.error("Too few lines are tested: add tests for the files above.");
    counts = addCounts(counts, { passed: 0, failed: 1, ignored: 0 });
  }
  // Last, where a log that was cut still shows it.
  if (failures !== "") console.log(`\n${failures}`);
  if (counts.ignored > 0) console.log(`${counts.ignored} ignored`);
  console.log(countLine(counts));
  return counts.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
