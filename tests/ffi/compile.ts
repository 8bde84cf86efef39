/** Compiles C for tests. @module */
import { fromFileUrl, join } from "@std/path";
import { findCompiler } from "../../ffi/compiler.ts";

/** Folder of the headers. */
export const INCLUDE: URL = new URL("../../ffi/include/", import.meta.url);

/** Flags the house builds C with. */
export const STRICT: readonly string[] = [
  "-std=c11",
  "-D_DEFAULT_SOURCE",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wpedantic",
];

/** Runs a program and returns what it printed; a failure is an error with all of its output. */
export async function run(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "null",
    env: { ...env },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(
    `${command[0]} failed\n${decoder.decode(stdout)}${decoder.decode(stderr)}`,
  );
}

/** Compiles one C source with the headers and runs it. */
export async function compileAndRun(
  source: string,
  flags: readonly string[] = [],
): Promise<string> {
  const { command } = await findCompiler();
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "program.c");
    await Deno.writeTextFile(file, source);
    await run([
      ...command,
      ...STRICT,
      ...flags,
      `-I${fromFileUrl(INCLUDE)}`,
      "-o",
      join(folder, "program"),
      file,
    ]);
    return await run([join(folder, "program")]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
