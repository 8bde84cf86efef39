import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { repositoryFiles } from "../packages/repository_files.ts";
import { type FileCoverage, parseLcov, unloaded } from "./coverage.ts";

/** Folders whose lines must be tested. */
export const COVERED_FOLDERS: readonly string[] = [
  "runtime/",
  "permissions/",
  "ffi/",
];

function isCovered(path: string): boolean {
  return path.endsWith(".ts") &&
    COVERED_FOLDERS.some((folder) => path.startsWith(folder));
}

/** What `deno coverage` says of a profile whose process was killed while it wrote. */
const TORN_PROFILE = /Failed reading '([^']+)'/;

/** Tests kill programs on purpose, so some profiles end in the middle: those are left out. */
async function lcovReport(root: string, profiles: string): Promise<string> {
  const decoder = new TextDecoder();
  // Without the filter it complains of every temporary file that is gone.
  const folders = COVERED_FOLDERS.map((folder) => pathToFileURL(join(root, folder)).href);
  while (true) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["coverage", "--lcov", `--include=^(?:${folders.join("|")})`, profiles],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    if (success) return decoder.decode(stdout);
    const message = decoder.decode(stderr);
    const torn = TORN_PROFILE.exec(message)?.[1];
    if (torn === undefined) throw new Error(`deno coverage failed: ${message}`);
    await Deno.remove(torn);
  }
}

/** The coverage of every file of the covered folders, from raw profiles. */
export async function measureCoverage(
  root: string,
  profiles: string,
): Promise<FileCoverage[]> {
  const files = parseLcov(await lcovReport(root, profiles), root)
    .filter(({ path }) => isCovered(path));
  const loaded = new Set(files.map(({ path }) => path));
  for (const path of await repositoryFiles(root)) {
    if (!isCovered(path) || loaded.has(path)) continue;
    files.push(unloaded(path, await Deno.readTextFile(join(root, path))));
  }
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}
