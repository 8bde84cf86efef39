import { tokenize } from "../imports/tokens.ts";

/** Lines of one file that could run and that did. */
export interface FileCoverage {
  /** The file, relative to the root of the repository. */
  readonly path: string;
  /** Lines with code. */
  readonly lines: number;
  /** Lines that ran. */
  readonly hit: number;
}

/** Reads an LCOV report; paths become relative to `root`. */
export function parseLcov(lcov: string, root: string): FileCoverage[] {
  const base = root.replaceAll("\\", "/").replace(/\/?$/, "/");
  const files: FileCoverage[] = [];
  for (const record of lcov.split("end_of_record")) {
    const file = /^SF:(.*)$/m.exec(record)?.[1]?.replaceAll("\\", "/");
    if (file === undefined || !file.startsWith(base)) continue;
    const counts = [...record.matchAll(/^DA:\d+,(\d+)/gm)]
      .map((match) => Number(match[1]));
    files.push({
      path: file.slice(base.length),
      lines: counts.length,
      hit: counts.filter((count) => count > 0).length,
    });
  }
  return files;
}

const CODE = new Set(["class", "const", "function", "let", "var"]);

/** A file no test has loaded: every line with code counts as not run. */
export function unloaded(path: string, source: string): FileCoverage {
  const tokens = tokenize(source);
  const lines = new Set<number>();
  if (tokens.some(({ kind, text }) => kind === "word" && CODE.has(text))) {
    for (const { start } of tokens) {
      lines.add(source.slice(0, start).split("\n").length);
    }
  }
  return { path, lines: lines.size, hit: 0 };
}

/** Share of lines that ran, in percent; no lines at all are all covered. */
export function percent(files: readonly FileCoverage[]): number {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const hit = files.reduce((sum, file) => sum + file.hit, 0);
  return lines === 0 ? 100 : hit / lines * 100;
}
