// deno-lint-ignore-file no-console -- the terminal is where it reports
// Checks the walls between the folders: who imports whom, cycles, file length.
//
//   deno run --allow-read scripts/check_boundaries.ts
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { moduleGraph } from "./boundaries/module_graph.ts";
import { boundaryFindings } from "./boundaries/rules.ts";
import { report } from "./finding.ts";
import { repositoryFiles } from "./packages/repository_files.ts";

const COVERED = /^(?:(?:runtime|permissions|ffi|plugins|demo|docs)\/.*|main|mod)\.ts$/;

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const sources = new Map<string, string>();
  for (const path of await repositoryFiles(root)) {
    if (!COVERED.test(path)) continue;
    sources.set(path, await Deno.readTextFile(join(root, path)));
  }
  const errors = report(boundaryFindings(moduleGraph(sources)));
  console.log(`${sources.size} modules, ${errors} errors`);
  Deno.exit(errors === 0 ? 0 : 1);
}
