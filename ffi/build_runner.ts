/** Compiles the runner, the program that hosts one native plugin in a process of its own, into the cache folder, once. @module */
import { join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { buildProgram } from "./build_program.ts";
import { cacheFolder } from "./cache_folder.ts";
import { HEADER_FILES, packageFiles } from "./package_files.ts";
import { hostPlatform } from "./platform.ts";

/** C sources of the runner, relative to `ffi/`. */
export const RUNNER_SOURCES: readonly string[] = [
  "confine/confine.c",
  "runner/answer.c",
  "runner/control.c",
  "runner/descriptor.c",
  "runner/fault.c",
  "runner/main.c",
  "runner/patience.c",
  "runner/platform_posix.c",
  "runner/platform_windows.c",
  "runner/plugin.c",
  "runner/processor_loop.c",
  "runner/ring.c",
  "runner/settlement.c",
  "runner/sink_loop.c",
  "runner/slot.c",
  "runner/source_loop.c",
  "runner/text.c",
  "runner/wait.c",
];

/** Headers of the runner, relative to `ffi/`. */
const HEADERS: readonly string[] = [
  "confine/call_names.h",
  "confine/confine.h",
  "runner/answer.h",
  "runner/control.h",
  "runner/descriptor.h",
  "runner/fault.h",
  "runner/patience.h",
  "runner/platform.h",
  "runner/plugin.h",
  "runner/ring.h",
  "runner/runner.h",
  "runner/settlement.h",
  "runner/slot.h",
  "runner/text.h",
];

const FILES: readonly string[] = [...RUNNER_SOURCES, ...HEADERS, ...HEADER_FILES];

/** How the runner is compiled, for every platform. */
export const RUNNER_FLAGS: readonly string[] = [
  "-std=c11",
  "-D_DEFAULT_SOURCE",
  "-D_DARWIN_C_SOURCE",
  "-Wall",
  "-Wextra",
  "-Werror",
];

/** Flags that find errors while the runner runs; a plugin it loads should be built with them, too. */
const SANITIZE: readonly string[] = ["-O1", "-g", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"];

/** Name of the program in its folder. */
const PROGRAM = "runner";

/** Options of {@linkcode buildRunner}. */
export interface BuildRunnerOptions {
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string;
  /** Build it with sanitizers; for tests. @default {none} */
  readonly sanitize?: "address,undefined" | "thread";
}

function checkPlatform(): void {
  if (Deno.build.os !== "windows") return;
  throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
    subject: "runner",
    found: "Windows",
    allowed: "Linux, macOS",
    action: "Run the plugin in isolation native, after a review.",
  });
}

function nameOf(digest: string, { cacheFolder: given, sanitize }: BuildRunnerOptions): string {
  const name = sanitize === undefined ? "runner" : `${sanitize.split(",", 1)[0]}-runner`;
  return join(cacheFolder(given), "native", `${name}-${digest.slice(0, 32)}-${hostPlatform()}`, PROGRAM);
}

/**
 * Where the runner's program is, or will be once it is built: what the host needs `--allow-run` for.
 *
 * @throws {CaissonError} `CAISSON_ISOLATION_REFUSED` on Windows
 */
export async function runnerFile(options: BuildRunnerOptions = {}): Promise<string> {
  checkPlatform();
  const { digest } = await packageFiles(FILES, options);
  return nameOf(digest, options);
}

/**
 * The runner's program, compiled from the package's own sources when the cache does not hold it yet. The name of
 * its folder holds the digest of those sources.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`,
 * `CAISSON_LIBRARY_HASH` when somebody changed it, and `CAISSON_ISOLATION_REFUSED` on Windows
 */
export async function buildRunner(options: BuildRunnerOptions = {}): Promise<string> {
  checkPlatform();
  const { sanitize } = options;
  const { folder, digest } = await packageFiles(FILES, options);
  return await buildProgram({
    subject: "runner",
    file: nameOf(digest, options),
    name: PROGRAM,
    args: [
      ...RUNNER_FLAGS,
      ...(sanitize === undefined ? ["-O2"] : [...SANITIZE, `-fsanitize=${sanitize}`]),
      `-I${join(folder, "include")}`,
      ...RUNNER_SOURCES.map((source) => join(folder, source)),
      "-lpthread",
      ...(Deno.build.os === "linux" ? ["-ldl"] : []),
    ],
  });
}
