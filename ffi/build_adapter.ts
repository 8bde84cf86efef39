/** Compiles the adapter into the cache folder, once. @module */
import { dirname, join } from "@std/path";
import { cacheFolder, privateFolder } from "./cache_folder.ts";
import { compile, findCompiler } from "./compiler.ts";
import { packageFiles } from "./package_files.ts";
import { hostPlatform, libraryExtension } from "./platform.ts";

const SOURCE = "adapter/adapter.c";

/** Options of {@linkcode buildAdapter}. */
export interface BuildAdapterOptions {
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string;
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
 * The adapter's library, compiled from the package's own source when the cache does not hold it yet.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`
 */
export async function buildAdapter(
  options: BuildAdapterOptions = {},
): Promise<string> {
  const { folder, digest } = await packageFiles([SOURCE], options);
  const file = join(
    cacheFolder(options.cacheFolder),
    "native",
    `adapter-${digest.slice(0, 32)}-${hostPlatform()}.${libraryExtension()}`,
  );
  if (await exists(file)) return file;
  const { command } = await findCompiler();
  await privateFolder(dirname(file));
  const partial = `${file}.${crypto.randomUUID()}.partial`;
  await compile("adapter", command, [
    "-std=c11",
    "-O2",
    ...(Deno.build.os === "windows" ? [] : ["-fPIC", "-D_DEFAULT_SOURCE"]),
    "-shared",
    "-fvisibility=hidden",
    "-o",
    partial,
    join(folder, SOURCE),
    ...(Deno.build.os === "linux" ? ["-ldl"] : []),
  ]);
  await Deno.rename(partial, file);
  return file;
}
