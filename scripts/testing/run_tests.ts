import { repositoryFiles } from "../packages/repository_files.ts";
import { denoTest, type DenoTestOptions, type TestRun } from "./deno_test.ts";
import { addCounts, NO_TESTS } from "./summary.ts";

/**
 * Tests that measure time, start processes that spin, or change what the process shares run one file at a time; all
 * others run in parallel. They mostly wait: so two rows of them, side by side.
 */
const ALONE: readonly (readonly string[])[] = [
  ["tests/command", "tests/demo", "tests/docs", "tests/runtime"],
  ["tests/data", "tests/isolation"],
];

/**
 * Opens and closes hundreds of Workers; with coverage on, each writes its profiles, and the tests take ten times as
 * long. It counts threads of its process and mostly waits: so two processes, side by side.
 */
const UNCOVERED = "tests/conformance";
const UNCOVERED_APART = "tests/conformance/bad_plugins_test.ts";

/** Tests that take too long for every day. */
const LONG = "tests/long";

/** Options of {@linkcode runTests}: with no `args`, everything runs. */
export type TestOptions = DenoTestOptions;

/** Type-checks the tests and all they import; the result is whether they pass. */
export async function checkTests(root: string): Promise<boolean> {
  const files = (await repositoryFiles(root)).filter((file) => /^tests\/.*_test\.ts$/.test(file));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--no-lock", "--quiet", ...files],
    cwd: root,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function together(runs: readonly TestRun[]): TestRun {
  return {
    counts: runs.map(({ counts }) => counts).reduce(addCounts, NO_TESTS),
    failures: runs.map(({ failures }) => failures).join(""),
  };
}

/** Runs the tests that were asked for, or all but the long ones. */
export async function runTests(options: TestOptions): Promise<TestRun> {
  const { root, args, coverage: _, ...uncovered } = options;
  if (args.length > 0) return await denoTest(options);
  const rows = await Promise.all(ALONE.map(async (row) => {
    const there = await Promise.all(row.map((path) => exists(`${root}/${path}`)));
    return row.filter((_, index) => there[index]);
  }));
  const ignored = [...rows.flat(), UNCOVERED, LONG].join(",");
  const parallel = await denoTest({ ...options, args: ["--parallel", `--ignore=${ignored}`, "tests"] });
  const alone = await Promise.all(
    rows.filter((row) => row.length > 0).map((row) => denoTest({ ...options, args: row })),
  );
  const kit = await Promise.all([
    denoTest({ ...uncovered, root, args: [UNCOVERED_APART] }),
    denoTest({ ...uncovered, root, args: [`--ignore=${UNCOVERED_APART}`, UNCOVERED] }),
  ]);
  return together([parallel, ...alone, ...kit]);
}

/** Runs the long tests, if there are any. */
export async function runLongTests(options: TestOptions): Promise<TestRun> {
  if (!await exists(`${options.root}/${LONG}`)) return together([]);
  return await denoTest({ ...options, args: [LONG, ...options.args] });
}
