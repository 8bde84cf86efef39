// deno-lint-ignore-file no-console -- the terminal is where it reports
// Checks that no file names a path of one machine or the host of a registry.
//
//   deno run --allow-read scripts/check_traces.ts
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finding, report } from "./finding.ts";
import { repositoryFiles } from "./packages/repository_files.ts";
import { findTraces } from "./traces/find_traces.ts";

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const findings: Finding[] = [];
  const files = await repositoryFiles(root);
  for (const path of files) {
    const bytes = await Deno.readFile(join(root, path));
    if (bytes.includes(0)) continue;
    findings.push(...findTraces(path, new TextDecoder().decode(bytes)));
  }
  const errors = report(findings);
  console.log(`${files.length} files, ${errors} errors`);
  Deno.exit(errors === 0 ? 0 : 1);
}
