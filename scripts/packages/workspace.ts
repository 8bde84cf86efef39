// The packages of this repository, as their `deno.json` files describe them.
import { join } from "node:path";
import { gitIgnores, pathPattern } from "./path_pattern.ts";

/** The fields of a `deno.json` that these scripts read. */
export interface DenoConfig {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly exports: string | Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, string>>;
  readonly workspace?: readonly string[];
  readonly publish?: {
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
  };
}

/** A package of the workspace. */
export interface WorkspacePackage {
  /** Its folder, as an absolute path. */
  readonly folder: string;
  /** Its folder relative to the root, `""` for the root itself. */
  readonly path: string;
  /** Its `deno.json`. */
  readonly config: DenoConfig;
  /** Its entry points, always as a table. */
  readonly exports: Readonly<Record<string, string>>;
  /** The files it publishes, relative to its folder, with `/` between segments. */
  readonly files: readonly string[];
}

async function readConfig(folder: string): Promise<DenoConfig> {
  return JSON.parse(await Deno.readTextFile(join(folder, "deno.json")));
}

async function* walk(folder: string, below = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(folder, below))) {
    if (entry.name === ".git" || entry.name === "node_modules") continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) yield* walk(folder, path);
    if (entry.isFile) yield path;
  }
}

/** Where to start reading, so that an include list spares a walk of everything. */
function includedRoots({ publish }: DenoConfig): readonly string[] {
  const include = publish?.include ?? [""];
  return include.some((glob) => /[*?{]/.test(glob)) ? [""] : include;
}

async function publishedFiles(
  folder: string,
  path: string,
  config: DenoConfig,
  ignoreLines: readonly string[],
): Promise<string[]> {
  const include = (config.publish?.include ?? ["."]).map(pathPattern);
  const exclude = (config.publish?.exclude ?? []).map(pathPattern);
  const members = (config.workspace ?? []).map(pathPattern);
  const candidates = new Set(["deno.json"]);
  for (const root of includedRoots(config)) {
    const clean = root.replace(/^\.\//, "").replace(/\/$/, "");
    const stat = await Deno.stat(join(folder, clean)).catch(() => undefined);
    if (stat?.isFile) candidates.add(clean);
    if (!stat?.isDirectory) continue;
    for await (const file of walk(folder, clean)) candidates.add(file);
  }
  return [...candidates].filter((file) =>
    file === "deno.json" ||
    include.some((pattern) => pattern.test(file)) &&
      !exclude.some((pattern) => pattern.test(file)) &&
      !members.some((pattern) => pattern.test(file)) &&
      !gitIgnores(ignoreLines, path === "" ? file : `${path}/${file}`)
  ).sort();
}

/** Reads the root package and every member of its workspace, the root first. */
export async function readWorkspace(root: string): Promise<WorkspacePackage[]> {
  const rootConfig = await readConfig(root);
  const ignoreLines = (await Deno.readTextFile(join(root, ".gitignore"))
    .catch(() => "")).split("\n");
  const paths = ["", ...rootConfig.workspace ?? []];
  return await Promise.all(paths.map(async (member) => {
    const path = member.replace(/^\.\//, "").replace(/\/$/, "");
    const folder = join(root, path);
    const config = await readConfig(folder);
    const exports = typeof config.exports === "string" ? { ".": config.exports } : config.exports;
    const files = await publishedFiles(folder, path, config, ignoreLines);
    return { folder, path, config, exports, files };
  }));
}
