/** `caisson build`: compiles a native plugin and seals its manifest. @module */
import { dirname, extname, isAbsolute, join, relative, resolve } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import type { Manifest, NativeBuild } from "../runtime/manifest/manifest.ts";
import { buildRustSdk, findRust } from "./build_rust_sdk.ts";
import { compile, findCompiler } from "./compiler.ts";
import { findCxxCompiler, requireLibrary } from "./cxx_compiler.ts";
import { HEADER_FILES, packageFiles } from "./package_files.ts";
import { hostPlatform, libraryExtension } from "./platform.ts";
import { sha256 } from "./sha256.ts";
import { writeAtomically } from "./write_atomically.ts";

/** Options of {@linkcode buildPlugin}. */
export interface BuildPluginOptions {
  /** Folder of the plugin, with its committed `plugin.json`. */
  readonly folder: string;
  /** Ends the build. */
  readonly signal?: AbortSignal;
  /** Adds a sanitizer (C and C++ only) and writes to `dist/<sanitizer>` instead of `dist`. The host has to be started with its library preloaded. */
  readonly sanitize?: "address" | "undefined" | "thread";
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string;
}

/** What {@linkcode buildPlugin} made. */
export interface BuiltPlugin {
  /** Path of the sealed manifest, the one to register. */
  readonly manifestFile: string;
  /** Path of the library. */
  readonly library: string;
  /** SHA-256 of the library, hexadecimal. */
  readonly sha256: string;
  /** Whether nothing had changed since the last build. */
  readonly cached: boolean;
}

/** How to compile one plugin, and everything the result depends on. */
interface Recipe {
  readonly command: readonly [string, ...string[]];
  readonly args: readonly string[];
  readonly inputs: readonly string[];
}

const SOURCE_EXTENSIONS = new Set([".c", ".cpp", ".h", ".hpp", ".inc", ".rs"]);
const SKIPPED_FOLDERS = new Set(["dist", "target", "node_modules", ".git"]);

async function readManifest(file: string): Promise<Manifest> {
  try {
    return JSON.parse(await Deno.readTextFile(file)) as Manifest;
  } catch (cause) {
    const missing = cause instanceof Deno.errors.NotFound;
    throw new CaissonError(
      missing ? "CAISSON_MANIFEST_NOT_FOUND" : "CAISSON_MANIFEST_SYNTAX",
      { subject: file, found: missing ? "no such file" : "no JSON", cause },
    );
  }
}

/** The build part, with every source inside the folder. */
function buildPart(manifest: Manifest, file: string): NativeBuild {
  const build = manifest.native?.build;
  if (
    build === undefined || !["c", "c++", "rust"].includes(build.language) ||
    !Array.isArray(build.sources) || build.sources.length === 0
  ) {
    throw new CaissonError("CAISSON_MANIFEST_INVALID", {
      subject: `${file} native.build`,
      found: build === undefined ? "nothing" : JSON.stringify(build),
      allowed: '{ "language": "c" | "c++" | "rust", "sources": ["file", …] }',
      action: "Add native.build to plugin.json, so that it can be compiled.",
    });
  }
  const folder = dirname(resolve(file));
  for (const source of build.sources) {
    const inside = relative(folder, resolve(folder, source));
    if (inside.startsWith("..") || isAbsolute(inside)) {
      throw new CaissonError("CAISSON_MODULE_OUTSIDE", {
        subject: `${file} native.build.sources`,
        found: source,
        allowed: "files inside the plugin's folder",
      });
    }
  }
  return build;
}

/** Paths and digests of every source and header below a folder, sorted. */
async function sourceDigests(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && !SKIPPED_FOLDERS.has(entry.name)) {
      found.push(...await sourceDigests(path));
    } else if (entry.isFile && SOURCE_EXTENSIONS.has(extname(entry.name))) {
      found.push(`${path} ${await sha256(await Deno.readFile(path))}`);
    }
  }
  return found.sort();
}

async function cRecipe(
  folder: string,
  build: NativeBuild,
  options: BuildPluginOptions,
): Promise<Recipe> {
  const [compiler, headers] = await Promise.all([
    findCompiler(),
    packageFiles(HEADER_FILES, options),
  ]);
  return {
    command: compiler.command,
    args: [
      "-std=c11",
      // ISO C alone would hide clock_gettime and its like; this shows what the platform offers by default.
      "-D_DEFAULT_SOURCE",
      ...sharedArguments(folder, build, options, headers.folder),
    ],
    inputs: [compiler.version, headers.digest],
  };
}

async function cxxRecipe(
  folder: string,
  build: NativeBuild,
  options: BuildPluginOptions,
): Promise<Recipe> {
  const [compiler, headers] = await Promise.all([
    findCxxCompiler(),
    packageFiles(HEADER_FILES, options),
  ]);
  const links = build.links ?? [];
  for (const library of links) await requireLibrary(compiler, library);
  return {
    command: compiler.command,
    args: [
      "-std=c++17",
      // A unique symbol of a template would keep the library in memory for good.
      ...(Deno.build.os === "linux" && !compiler.version.includes("clang") ? ["-fno-gnu-unique"] : []),
      // One rounding for each operation, as in JavaScript.
      "-ffp-contract=off",
      ...sharedArguments(folder, build, options, headers.folder),
      ...links.map((library) => `-l${library}`),
    ],
    inputs: [compiler.version, headers.digest],
  };
}

function sharedArguments(
  folder: string,
  build: NativeBuild,
  { sanitize }: BuildPluginOptions,
  headers: string,
): string[] {
  const { os } = Deno.build;
  return [
    "-O2",
    ...(os === "windows" ? [] : ["-fPIC", "-pthread"]),
    "-shared",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Werror",
    ...(sanitize === undefined
      ? os === "linux" ? ["-Wl,-z,defs"] : []
      : [`-fsanitize=${sanitize}`, "-fno-omit-frame-pointer", "-g"]),
    `-I${join(headers, "include")}`,
    ...build.sources.map((source) => join(folder, source)),
    ...(os === "windows" ? [] : ["-lm"]),
  ];
}

async function rustRecipe(
  folder: string,
  build: NativeBuild,
  options: BuildPluginOptions,
): Promise<Recipe> {
  const rust = await findRust();
  const sdk = await buildRustSdk(rust, options);
  return {
    command: rust.command,
    args: [
      "--edition",
      "2021",
      "--crate-type",
      "cdylib",
      "-O",
      "-C",
      "panic=unwind",
      "--extern",
      `caisson=${sdk.library}`,
      join(folder, build.sources[0]!),
    ],
    inputs: [rust.version, sdk.digest],
  };
}

const RECIPES = { "c": cRecipe, "c++": cxxRecipe, "rust": rustRecipe } as const;

/** What an earlier build left, if it was made from the same inputs and is still whole. */
async function earlierBuild(
  stampFile: string,
  stamp: string,
  manifestFile: string,
  library: string,
): Promise<BuiltPlugin | undefined> {
  try {
    const [old, bytes] = await Promise.all([
      Deno.readTextFile(stampFile),
      Deno.readFile(library),
      Deno.stat(manifestFile),
    ]);
    const digest = await sha256(bytes);
    return old === `${stamp} ${digest}\n` ? { manifestFile, library, sha256: digest, cached: true } : undefined;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/**
 * Compiles a native plugin for this platform, and writes `dist/lib<name>-<os>-<arch>` and the sealed `dist/plugin.json`
 * that names it with its digest. Nothing is compiled when sources, headers and compiler are those of the last build.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_BUILD_FAILED`, `CAISSON_HOST_PERMISSION`, or a manifest code
 * @example
 * ```ts
 * const { manifestFile } = await buildPlugin({ folder: "plugins/blaster" });
 * ```
 */
export async function buildPlugin(
  options: BuildPluginOptions,
): Promise<BuiltPlugin> {
  const folder = resolve(options.folder);
  const committed = join(folder, "plugin.json");
  const manifest = await readManifest(committed);
  const build = buildPart(manifest, committed);
  const recipe = await RECIPES[build.language](
    folder,
    build,
    options,
  );
  const platform = hostPlatform();
  const stamp = await sha256(JSON.stringify([
    platform,
    manifest,
    recipe,
    await sourceDigests(folder),
  ]));

  const output = options.sanitize === undefined ? join(folder, "dist") : join(folder, "dist", options.sanitize);
  const name = manifest.name.slice(manifest.name.lastIndexOf("/") + 1);
  const libraryName = `lib${name}-${platform}.${libraryExtension()}`;
  const library = join(output, libraryName);
  const manifestFile = join(output, "plugin.json");
  const stampFile = join(output, "build.stamp");
  const earlier = await earlierBuild(stampFile, stamp, manifestFile, library);
  if (earlier !== undefined) return earlier;

  await Deno.mkdir(output, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: output, prefix: ".build-" });
  try {
    const fresh = join(scratch, libraryName);
    await compile(manifest.name, recipe.command, [...recipe.args, "-o", fresh], {
      cwd: scratch,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const bytes = await Deno.readFile(fresh);
    const digest = await sha256(bytes);
    await Deno.rename(fresh, library);
    const { build: _, ...native } = manifest.native!;
    const sealed: Manifest = {
      ...manifest,
      native: {
        ...native,
        libraries: {
          [platform]: {
            file: `./${libraryName}`,
            sha256: digest,
            size: bytes.byteLength,
          },
        },
      },
    };
    await writeAtomically(
      manifestFile,
      `${JSON.stringify(sealed, undefined, 2)}\n`,
    );
    await writeAtomically(stampFile, `${stamp} ${digest}\n`);
    return { manifestFile, library, sha256: digest, cached: false };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}
