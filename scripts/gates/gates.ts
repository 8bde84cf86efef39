import { join } from "node:path";
import { repositoryFiles } from "../packages/repository_files.ts";
import { readWorkspace } from "../packages/workspace.ts";
import { TEST_PERMISSIONS } from "../testing/deno_test.ts";
import type { Gate } from "./gate.ts";

/** Builds the npm package with dnt, which only JSR has. */
const NEEDS_JSR = ["scripts/build_npm.ts"];

/** Sources that are wrong on purpose, that only a tool fills in, or that import what the bench installs for itself. */
const NOT_CHECKED = /(?:^|\/)(?:fixtures|templates|output|peers)\//;

/** Whether `jsr:` imports are answered by the stand-ins. */
function usesStandIns(): boolean {
  const registry = Deno.env.get("JSR_URL");
  return registry !== undefined &&
    new URL(registry).hostname === "127.0.0.1";
}

function script(name: string, ...args: string[]): string[] {
  return ["run", "--no-lock", ...TEST_PERMISSIONS, join("scripts", name), ...args];
}

/** The gates before the tests, in the order of their cost. */
export async function gates(root: string): Promise<Gate[]> {
  const files = await repositoryFiles(root);
  const workspace = await readWorkspace(root);
  const entryPoints = workspace.flatMap(({ path, exports }) =>
    Object.values(exports).map((target) => join(path, target))
  );
  const generators = files.filter((file) => /^scripts\/generate_\w+\.ts$/.test(file));
  const left = usesStandIns() ? NEEDS_JSR : [];
  const checked = files.filter((file) => file.endsWith(".ts") && !NOT_CHECKED.test(file) && !left.includes(file));
  // Most pages of docs/ are files of small projects: tests/docs runs those.
  const documented = [...entryPoints, "README.md", "docs/pipelines.md"];
  return [
    { name: "fmt", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: `check of ${checked.length} files`, args: ["check", ...checked] },
    { name: "doc --lint", args: ["doc", "--lint", ...entryPoints] },
    ...generators.map((file) => ({
      name: `${file} --check`,
      args: ["run", "--no-lock", ...TEST_PERMISSIONS, file, "--check"],
    })),
    { name: "boundaries", args: script("check_boundaries.ts") },
    { name: "traces", args: script("check_traces.ts") },
    { name: "publishing rules", args: script("check_publish.ts") },
    // From the root, deno publishes the root package alone.
    ...workspace.map(({ path, config }) => ({
      name: `publish --dry-run of ${config.name}`,
      args: ["publish", "--dry-run", "--allow-dirty"],
      folder: path,
    })),
    {
      name: "examples in README.md, docs/pipelines.md and entry points",
      args: [
        "test",
        "--no-lock",
        "--doc",
        "--permit-no-files",
        ...TEST_PERMISSIONS,
        ...documented,
      ],
    },
  ];
}

/** The tests, with coverage. They are checked already, so they only run. */
export const TEST_GATE: Gate = {
  name: "tests with coverage",
  args: script("test.ts", "--coverage", "--brief", "--no-check"),
  verbose: true,
};
