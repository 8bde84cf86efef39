/** Finds the C++ compiler at hand, and what it can link. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { type Compiler, findCompiler } from "./compiler.ts";

const CANDIDATES = ["c++", "g++", "clang++"];

function candidates(): readonly string[] {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "CXX" });
  const chosen = state === "granted" ? Deno.env.get("CXX")?.trim() : undefined;
  return chosen === undefined || chosen === "" ? CANDIDATES : [chosen, ...CANDIDATES];
}

/**
 * Finds a C++ compiler: the one in `CXX` when it is set and readable, then c++, g++, clang++.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when no candidate may be run, `CAISSON_COMPILER_MISSING` when none
 * is there
 */
export async function findCxxCompiler(): Promise<Compiler> {
  try {
    return await findCompiler({ candidates: candidates() });
  } catch (cause) {
    if (!(cause instanceof CaissonError) || cause.code !== "CAISSON_COMPILER_MISSING") throw cause;
    throw new CaissonError("CAISSON_COMPILER_MISSING", {
      subject: "C++ compiler",
      found: `none of ${candidates().join(", ")} can be run`,
      allowed: "c++, g++, clang++, or the command in CXX",
      action: "Install one: apt-get install g++, dnf install gcc-c++, apk add build-base, or xcode-select --install.",
      cause,
    });
  }
}

/**
 * Makes sure a library can be included and linked, by its header `<name>.h`.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_MISSING`
 */
export async function requireLibrary({ command }: Compiler, library: string): Promise<void> {
  const [program, ...rest] = command;
  const child = new Deno.Command(program, {
    args: [...rest, "-std=c++17", "-E", "-x", "c++", "-", "-o", Deno.build.os === "windows" ? "NUL" : "/dev/null"],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`#if !__has_include(<${library}.h>)\n#error missing\n#endif\n`));
  await writer.close();
  const { success, stderr } = await child.output();
  if (success) return;
  throw new CaissonError("CAISSON_LIBRARY_MISSING", {
    subject: library,
    found: new TextDecoder().decode(stderr).includes("missing") ? `no header ${library}.h` : "a compiler that fails",
    allowed: `${library} with its headers`,
  });
}
