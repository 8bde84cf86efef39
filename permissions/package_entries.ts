/** What may be in a plugin's package, looked at before any of it is copied. @module */
import { join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";

/** Largest packages that are taken. */
export const packageLimits: {
  /** Files. */
  readonly files: number;
  /** Folders inside each other. */
  readonly depth: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files together. */
  readonly bytes: number;
  /** Bytes of a path. */
  readonly pathBytes: number;
} = { files: 5_000, depth: 16, fileBytes: 64 << 20, bytes: 256 << 20, pathBytes: 512 };

/** One file of a package. */
export interface PackageEntry {
  /** Path inside the package, with `/`. */
  readonly path: string;
  /** Where it is now. */
  readonly file: string;
}

/** Files that steer Deno or a package manager: never copied, and refused where leaving them out would matter. */
const configurations: Readonly<Record<string, readonly string[]>> = {
  "deno.json": [
    "imports",
    "scopes",
    "importMap",
    "unstable",
    "links",
    "patch",
    "nodeModulesDir",
    "vendor",
    "workspace",
  ],
  "deno.jsonc": [],
  "jsr.json": ["imports"],
  "package.json": [
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundledDependencies",
    "bundleDependencies",
    "imports",
    "workspaces",
    "overrides",
  ],
};

/** Scripts of `package.json` that package managers run by themselves. */
const lifeCycle = ["preinstall", "install", "postinstall", "prepare", "prepublish"];

// Control characters, what does not show or turns the direction of text, and what Windows gives a meaning.
const unfit =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb<>:"|?*\\]/;
const reserved = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;

/**
 * Why a path may not be in a package, or `undefined`.
 *
 * @param seen paths before this one, folded by {@linkcode foldPath}
 */
export function pathProblem(path: string, seen: ReadonlyMap<string, string>): string | undefined {
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "a path that leaves the package";
  if (unfit.test(path)) return "a name with characters that do not show, or that some systems read as something else";
  if (path !== path.normalize("NFC")) return "a name that is not in Unicode's composed form";
  if (parts.some((part) => /[. ]$/.test(part) || reserved.test(part))) return "a name that Windows reads as another";
  if (parts.length > packageLimits.depth) return `more than ${packageLimits.depth} folders inside each other`;
  if (new TextEncoder().encode(path).length > packageLimits.pathBytes) return "a path that is too long";
  if (parts.includes("node_modules")) return "node_modules: a plugin ships its own code only";
  if (parts.at(-1) === ".npmrc") return ".npmrc, which can send a package manager elsewhere";
  for (let length = 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join("/");
    const twin = seen.get(foldPath(part));
    if (twin !== undefined && (twin !== part || length === parts.length)) {
      return `a name that some systems take for ${quote(twin)}`;
    }
  }
  return undefined;
}

/** What a path is on a system that knows neither case nor Unicode forms. */
export function foldPath(path: string): string {
  return path.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase();
}

/** Whether a path is left out: hidden files and configuration, which have no effect in a plugin. */
function isLeftOut(path: string): boolean {
  const parts = path.split("/");
  return parts.some((part) => part.startsWith(".")) || Object.hasOwn(configurations, parts.at(-1)!) ||
    /^(?:deno\.lock|package-lock\.json|yarn\.lock|pnpm-lock\.yaml)$/.test(parts.at(-1)!);
}

/**
 * Lists the files of a package, sorted; refuses what must not be in one.
 *
 * @throws {CaissonError} `CAISSON_PACKAGE_REFUSED`
 */
export async function packageEntries(folder: string): Promise<PackageEntry[]> {
  const entries: PackageEntry[] = [];
  const seen = new Map<string, string>();
  const walk = async (at: string): Promise<void> => {
    const found = (await Array.fromAsync(Deno.readDir(join(folder, at)))).sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isDirectory, isFile, isSymlink } of found) {
      const path = at === "" ? name : `${at}/${name}`;
      const problem = pathProblem(path, seen) ??
        (isFile || isDirectory ? undefined : isSymlink ? "a link" : "a device, pipe or socket");
      // A folder with its history is no package yet, and nothing hidden in it is taken.
      if (name === ".git" && isDirectory) continue;
      if (problem !== undefined) throw refused(folder, path, problem);
      seen.set(foldPath(path), path);
      if (isDirectory) {
        await walk(path);
        continue;
      }
      await refuseEffects(folder, path);
      if (!isLeftOut(path)) entries.push({ path, file: join(folder, path) });
      if (seen.size > packageLimits.files) throw refused(folder, path, `more than ${packageLimits.files} files`);
    }
  };
  await walk("");
  return entries;
}

/** A configuration is left out, so one that does something is refused: the plugin would not be what its author meant. */
async function refuseEffects(folder: string, path: string): Promise<void> {
  const name = path.split("/").at(-1)!;
  const keys = Object.hasOwn(configurations, name) ? configurations[name] : undefined;
  if (keys === undefined) return;
  if (name === "deno.jsonc") {
    throw refused(folder, path, "deno.jsonc, whose effects are not looked for; write deno.json");
  }
  const file = join(folder, path);
  const { size } = await Deno.lstat(file);
  let value: unknown;
  try {
    value = size > 1 << 20 ? undefined : JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof value !== "object" || value === null) throw refused(folder, path, `a ${name} that cannot be read`);
  const isEmpty = (each: unknown) => typeof each === "object" && each !== null && Object.keys(each).length === 0;
  const effect = keys.find((key) => Object.hasOwn(value, key) && !isEmpty((value as Record<string, unknown>)[key]));
  if (effect !== undefined) throw refused(folder, path, `${quote(effect)} in ${name}, which has no effect in a plugin`);
  const scripts = Object((value as { scripts?: unknown }).scripts) as object;
  const script = name === "package.json" ? lifeCycle.find((each) => Object.hasOwn(scripts, each)) : undefined;
  if (script !== undefined) throw refused(folder, path, `the script ${quote(script)}, which runs code at installation`);
}

/** A refusal of one path of a package. */
export function refused(folder: string, path: string, found: string): CaissonError {
  return new CaissonError("CAISSON_PACKAGE_REFUSED", {
    subject: `${folder}: ${quote(path)}`,
    found,
    allowed: "files and folders that are the plugin's own and mean the same on every system",
  });
}
