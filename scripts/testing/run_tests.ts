import { repositoryFiles } from "../packages/repository_files.ts";
import { addCounts, type Counts, NO_TESTS, testCounts } from "./summary.ts";

/** What the tests need of Deno. They start programs, so this is no sandbox. */
export const TEST_PERMISSIONS: readonly string[] = [
  "--allow-env",
  "--allow-ffi",
  "--allow-import",
  "--allow-net",
  "--allow-read",
  "--allow-run",
  "--allow-sys",
  "--allow-write",
];

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

/** Options of {@linkcode runTests}. */
export interface TestOptions {
  /** Root of the repository. */
  readonly root: string;
  /** Paths and flags given on the command line; with none, everything runs. */
  readonly args: readonly string[];
  /** Folder for raw coverage profiles, also of programs the tests start. */
  readonly coverage?: string;
  /** Prints a dot a test, and whole names of failed ones only. */
  readonly brief?: boolean;
}

async function denoTest(
  args: readonly string[],
  { root, coverage, brief }: TestOptions,
): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-lock",
      // Checked before. With checks on, Deno also checks what tests load into
      // Workers, as no user's `deno run` does.
      "--no-check",
      ...TEST_PERMISSIONS,
      ...(brief ? ["--reporter=dot"] : []),
      ...(coverage === undefined ? [] : [`--coverage=${coverage}`, "--coverage-raw-data-only"]),
      ...args,
    ],
    cwd: root,
    env: coverage === undefined ? {} : { DENO_COVERAGE_DIR: coverage },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    for (let at = 0; at < chunk.length;) {
      at += await Deno.stdout.write(chunk.subarray(at));
    }
  }
  return testCounts(output, (await child.status).code);
}

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

/** Runs the tests that were asked for, or all but the long ones. */
export async function runTests(options: TestOptions): Promise<Counts> {
  const { root, args } = options;
  if (args.length > 0) return await denoTest(args, options);
  const rows = await Promise.all(ALONE.map(async (row) => {
    const there = await Promise.all(row.map((path) => exists(`${root}/${path}`)));
    return row.filter((_, index) => there[index]);
  }));
  const ignored = [...rows.flat(), UNCOVERED, LONG].join(",");
  const parallel = await denoTest(["--parallel", `--ignore=${ignored}`, "tests"], options);
  const alone = await Promise.all(rows.filter((row) => row.length > 0).map((row) => denoTest(row, options)));
  const counts = alone.reduce(addCounts, parallel);
  const { coverage: _, ...uncovered } = options;
  const kit = await Promise.all([
    denoTest([UNCOVERED_APART], uncovered),
    denoTest([`--ignore=${UNCOVERED_APART}`, UNCOVERED], uncovered),
  ]);
  return kit.reduce(addCounts, counts);
}

/** Runs the long tests, if there are any. */
export async function runLongTests(options: TestOptions): Promise<Counts> {
  if (!await exists(`${options.root}/${LONG}`)) return NO_TESTS;
  return await denoTest([LONG, ...options.args], options);
}
