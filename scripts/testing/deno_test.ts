// deno-lint-ignore-file no-console -- the terminal is where it reports
import { type Counts, failureReport, testCounts } from "./summary.ts";

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

/** One run of `deno test`. */
export interface DenoTestOptions {
  /** Root of the repository. */
  readonly root: string;
  /** Paths and flags for `deno test`. */
  readonly args: readonly string[];
  /** Folder for raw coverage profiles, also of programs the tests start. */
  readonly coverage?: string;
  /**
   * Prints one line when the run is over, and keeps what it printed for {@linkcode TestRun.failures}: a log of
   * thousands of lines gets cut, and then hides the one name that matters.
   */
  readonly brief?: boolean;
}

/** How a run ended. */
export interface TestRun {
  /** Tests that passed, failed and were left out. */
  readonly counts: Counts;
  /** Names and errors of the tests that failed; empty when none did, and unless `brief` was asked for. */
  readonly failures: string;
}

/** A run that takes longer hangs: it is ended, so that its last lines say where. */
const LIMIT_MS = 420_000;

async function readAll(stream: ReadableStream<Uint8Array>, shown: boolean): Promise<string> {
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    output += decoder.decode(chunk, { stream: true });
    for (let at = 0; shown && at < chunk.length;) {
      at += await Deno.stdout.write(chunk.subarray(at));
    }
  }
  return output + decoder.decode();
}

/** Runs `deno test` and counts its results. */
export async function denoTest({ root, args, coverage, brief = false }: DenoTestOptions): Promise<TestRun> {
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-lock",
      // Checked before. With checks on, Deno also checks what tests load into
      // Workers, as no user's `deno run` does.
      "--no-check",
      ...TEST_PERMISSIONS,
      ...(coverage === undefined ? [] : [`--coverage=${coverage}`, "--coverage-raw-data-only"]),
      ...args,
    ],
    cwd: root,
    env: {
      ...(coverage !== undefined && { DENO_COVERAGE_DIR: coverage }),
      ...(brief && { NO_COLOR: "1", RUST_BACKTRACE: "0" }),
    },
    stdin: "null",
    stdout: "piped",
    stderr: brief ? "piped" : "inherit",
  }).spawn();
  const limit = brief ? setTimeout(() => child.kill("SIGKILL"), LIMIT_MS) : undefined;
  const [output, errors] = await Promise.all([
    readAll(child.stdout, !brief),
    brief ? readAll(child.stderr, false) : "",
  ]);
  const { code } = await child.status;
  clearTimeout(limit);
  const counts = testCounts(output, code);
  if (!brief) return { counts, failures: "" };
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  console.log(`${counts.passed} passed, ${counts.failed} failed in ${seconds} s: ${args.join(" ")}`);
  return { counts, failures: counts.failed === 0 ? "" : failureReport(output, errors) };
}
