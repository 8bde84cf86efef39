// deno-lint-ignore-file no-console -- the terminal is where it reports
// Checks what `deno publish --dry-run` does not: sizes, paths, references.
//
//   deno run --allow-read scripts/check_publish.ts
import { fileURLToPath } from "node:url";
import { report } from "./finding.ts";
import { workingTreePackages } from "./offline/working_tree.ts";
import { readWorkspace } from "./packages/workspace.ts";
import { publishFindings } from "./publish/rules.ts";

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const uploads = new Map(
    (await workingTreePackages(root)).map((pkg) => [pkg.name, pkg]),
  );
  let errors = 0;
  for (const { path, config, exports } of await readWorkspace(root)) {
    const files = new Map(
      [...uploads.get(config.name)?.files ?? []]
        .map(([file, bytes]) => [file.slice(1), bytes]),
    );
    const license = config.license !== undefined;
    errors += report(publishFindings({ path, exports, license, files }));
    const bytes = files.values().reduce((sum, { length }) => sum + length, 0);
    console.log(`${config.name}: ${files.size} files, ${bytes} bytes`);
  }
  console.log(`${errors} errors`);
  Deno.exit(errors === 0 ? 0 : 1);
}
