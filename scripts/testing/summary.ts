/** How many tests passed, failed and were skipped. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** Nothing ran. */
export const NO_TESTS: Counts = { passed: 0, failed: 0, ignored: 0 };

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/gm;
// deno-lint-ignore no-control-regex -- colours are control characters
const COLOUR = /\x1b\[[0-9;]*m/g;

/**
 * Reads the counts off what `deno test` printed. Its JUnit report would leave
 * out a file that failed to load.
 *
 * A run that ended badly without a failed test, or without its summary, counts
 * as one failure: it must never read as a pass.
 */
export function testCounts(output: string, exitCode: number): Counts {
  const summary = [...output.replaceAll(COLOUR, "").matchAll(SUMMARY)].at(-1);
  if (summary === undefined) return { passed: 0, failed: 1, ignored: 0 };
  const [passed, failed, ignored] = summary.slice(1).map((n) => Number(n ?? 0));
  return {
    passed: passed!,
    failed: exitCode === 0 ? failed! : Math.max(failed!, 1),
    ignored: ignored!,
  };
}

/** Lines of a report that are kept: a machine that shows logs cuts long ones. */
const REPORTED_LINES = 200;

/**
 * What `deno test` says of the tests that failed, with the names first. A run that was ended, or never got to its
 * summary, is told by its last lines.
 */
export function failureReport(output: string, errors: string): string {
  const plain = output.replaceAll(COLOUR, "").trimEnd();
  const names = plain.lastIndexOf("\n FAILURES ");
  const details = plain.lastIndexOf("\n ERRORS ");
  if (details < 0 || names < details) {
    return `${[...lines(plain), ...lines(errors)].slice(-REPORTED_LINES).join("\n")}\n`;
  }
  const told = lines(plain.slice(details, names));
  const cut = told.length > REPORTED_LINES ? [`(${told.length - REPORTED_LINES} lines more)`] : [];
  return `${
    [lines(plain.slice(names)).map((line) => line.trim()).join("\n"), "", ...told.slice(0, REPORTED_LINES), ...cut]
      .join("\n")
  }\n`;
}

function lines(text: string): string[] {
  return text.trim().split("\n");
}

/** The counts of several runs together. */
export function addCounts(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    ignored: left.ignored + right.ignored,
  };
}

/** The line every run of tests ends with. */
export function countLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
