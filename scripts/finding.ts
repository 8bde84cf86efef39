// deno-lint-ignore-file no-console -- the terminal is where it reports
/** What a check of the repository found at one place. */
export interface Finding {
  /** The file, relative to the root of the repository. */
  readonly path: string;
  /** The line, counted from 1, where one is meant. */
  readonly line?: number;
  /** `error` fails the check, `note` is for the reader only. */
  readonly severity: "error" | "note";
  /** What is wrong and what to do about it. */
  readonly message: string;
}

/** Prints findings to stderr, one a line; the result is how many are errors. */
export function report(findings: readonly Finding[]): number {
  let errors = 0;
  for (const { path, line, severity, message } of findings) {
    if (severity === "error") errors += 1;
    const place = line === undefined ? path : `${path}:${line}`;
    console.error(`${severity}: ${place}: ${message}`);
  }
  return errors;
}

/** The line of an offset, counted from 1. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}
