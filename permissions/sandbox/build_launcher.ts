/** Compiles the launcher into the cache folder, once. @module */
import { join } from "@std/path";
import { buildProgram } from "../../ffi/build_program.ts";
import { cacheFolder } from "../../ffi/cache_folder.ts";
import { packageFiles } from "../../ffi/package_files.ts";
import { hostPlatform } from "../../ffi/platform.ts";

const SOURCES: readonly string[] = ["main.c", "policy.c", "landlock.c", "privileges.c", "filter.c"];
const HEADERS: readonly string[] = ["policy.h", "landlock.h", "privileges.h", "filter.h"];

/** Flags of every build of the launcher, also of the one with sanitizers. */
const LAUNCHER_FLAGS: readonly string[] = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"];

/** Name of the program in its folder. */
const PROGRAM = "launcher";

/** Options of {@linkcode buildLauncher}. */
export interface BuildLauncherOptions {
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string | undefined;
}

interface Sources {
  readonly folder: string;
  readonly file: string;
}

async function sources({ cacheFolder: given }: BuildLauncherOptions): Promise<Sources> {
  const { folder, digest } = await packageFiles([...SOURCES, ...HEADERS], {
    base: new URL(import.meta.resolve("./")),
    ...(given === undefined ? {} : { cacheFolder: given }),
  });
  const name = `launcher-${digest.slice(0, 32)}-${hostPlatform()}`;
  return { folder, file: join(cacheFolder(given), "native", name, PROGRAM) };
}

/** Where the launcher is, or will be once it is built: what the host needs `--allow-run` for. */
export async function launcherFile(options: BuildLauncherOptions = {}): Promise<string> {
  return (await sources(options)).file;
}

/**
 * The launcher, compiled from the package's own sources when the cache does not hold it yet. The name of its folder holds
 * the digest of those sources.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`,
 * `CAISSON_LIBRARY_HASH` when somebody changed it
 */
export async function buildLauncher(options: BuildLauncherOptions = {}): Promise<string> {
  const { folder, file } = await sources(options);
  return await buildProgram({
    subject: "launcher",
    file,
    name: PROGRAM,
    args: [...LAUNCHER_FLAGS, "-O2", ...SOURCES.map((source) => join(folder, source))],
  });
}
