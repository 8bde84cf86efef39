/** Compiles one of the runtime's own C files into the cache folder, once. @module */
import { dirname, join } from "@std/path";
import { cacheFolder, privateFolder } from "./cache_folder.ts";
import { compile, findCompiler } from "./compiler.ts";
import { packageFiles } from "./package_files.ts";
import { hostPlatform, libraryExtension } from "./platform.ts";

/** Options of {@linkcode buildSupport}. */
export interface BuildSupportOptions {
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string;
}

/** A library of ours: its name in the cache, and its source relative to this folder. */
export interface SupportLibrary {
  /** First part of the file's name. */
  readonly name: string;
  /** One C file. */
  readonly source: string;
  /** Further C files. */
  readonly more?: readonly string[];
  /** Whether it stays in memory once it was loaded. @default {false} */
  readonly stays?: boolean;
  /** Files any of them includes; headers of `include/` are found without a path. */
  readonly headers?: readonly string[];
}

async function exists(file: string): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}

/**
 * The library, compiled from the package's own source when the cache does not hold it yet. Its name holds the digest of
 * its source.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`
 */
export async function buildSupport(
  { name, source, more = [], headers = [], stays = false }: SupportLibrary,
  options: BuildSupportOptions = {},
): Promise<string> {
  const { folder, digest } = await packageFiles([source, ...more, ...headers], options);
  const file = join(
    cacheFolder(options.cacheFolder),
    "native",
    `${name}-${digest.slice(0, 32)}-${hostPlatform()}.${libraryExtension()}`,
  );
  if (await exists(file)) return file;
  const { command } = await findCompiler();
  await privateFolder(dirname(file));
  const partial = `${file}.${crypto.randomUUID()}.partial`;
  await compile(name, command, [
    "-std=c11",
    "-O2",
    ...(Deno.build.os === "windows" ? [] : ["-fPIC", "-D_DEFAULT_SOURCE"]),
    "-shared",
    // The handler of refused system calls is needed after the library was closed.
    ...(stays && Deno.build.os === "linux" ? ["-Wl,-z,nodelete"] : []),
    "-fvisibility=hidden",
    "-o",
    partial,
    ...(headers.length > 0 ? [`-I${join(folder, "include")}`] : []),
    ...[source, ...more].map((file) => join(folder, file)),
    ...(Deno.build.os === "linux" ? ["-ldl"] : []),
  ]);
  await Deno.rename(partial, file);
  return file;
}
