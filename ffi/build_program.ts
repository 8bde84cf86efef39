/** Compiles one of the runtime's own programs into its folder in the cache. @module */
import { dirname, join } from "@std/path";
import { isBuilt, putInPlace } from "./built_hash.ts";
import { privateFolder } from "./cache_folder.ts";
import { compile, findCompiler } from "./compiler.ts";

/** What {@linkcode buildProgram} needs. */
export interface BuildProgramOptions {
  /** What it is called in messages. */
  readonly subject: string;
  /** Where it is to be; the folder around it is its own. */
  readonly file: string;
  /** Name of the program in that folder. */
  readonly name: string;
  /** Arguments of the compiler besides what it writes. */
  readonly args: readonly string[];
}

/**
 * Compiles a program unless it is there, with its hash beside it.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`,
 * `CAISSON_LIBRARY_HASH` when somebody changed it
 */
export async function buildProgram({ subject, file, name, args }: BuildProgramOptions): Promise<string> {
  if (await isBuilt(file)) return file;
  const { command } = await findCompiler();
  // A host may not write to a program it may run, nor rename a file to it; the folder around it can be put in place whole.
  const target = dirname(file);
  const partial = `${target}.${crypto.randomUUID()}.partial`;
  await privateFolder(partial);
  try {
    await compile(subject, command, ["-o", join(partial, name), ...args]);
    await putInPlace(partial, target, name);
  } catch (cause) {
    await Deno.remove(partial, { recursive: true });
    // Somebody else has built the same meanwhile: a folder that is not empty is not replaced.
    if (!await isBuilt(file)) throw cause;
  }
  return file;
}
