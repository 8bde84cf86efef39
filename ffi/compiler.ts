/** Finds the C compiler at hand. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/** A compiler that answered. */
export interface Compiler {
  /** Command and first arguments, such as `["zig", "cc"]`. */
  readonly command: readonly [string, ...string[]];
  /** First line of what it says about its version; part of every build's stamp. */
  readonly version: string;
}

/** Options of {@linkcode findCompiler}. */
export interface FindCompilerOptions {
  /** Commands to try, in order. @default {`CC` when it is set and readable, then cc, gcc, clang, zig cc} */
  readonly candidates?: readonly string[];
}

const CANDIDATES = ["cc", "gcc", "clang", "zig cc"];

function candidatesFromEnvironment(): readonly string[] {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "CC" });
  const chosen = state === "granted" ? Deno.env.get("CC")?.trim() : undefined;
  return chosen === undefined || chosen === "" ? CANDIDATES : [chosen, ...CANDIDATES];
}

/** The first line a command prints for `--version`, `undefined` when there is no such command. */
export async function versionOf(
  command: readonly [string, ...string[]],
): Promise<string | undefined> {
  const [program, ...rest] = command;
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args: [...rest, "--version"],
      stdin: "null",
      stderr: "null",
    }).output();
    if (!success) return undefined;
    return new TextDecoder().decode(stdout).split("\n", 1)[0]!.trim();
  } catch (cause) {
    if (
      cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.PermissionDenied
    ) return undefined;
    throw cause;
  }
}

/**
 * Finds a C compiler.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when no candidate may be run, `CAISSON_COMPILER_MISSING` when none
 * is there
 * @example
 * ```ts
 * const { command, version } = await findCompiler();
 * ```
 */
export async function findCompiler(
  options: FindCompilerOptions = {},
): Promise<Compiler> {
  const candidates = options.candidates ?? candidatesFromEnvironment();
  let mayRun = false;
  for (const candidate of candidates) {
    const command = candidate.split(/\s+/) as [string, ...string[]];
    const { state } = await Deno.permissions.query({
      name: "run",
      command: command[0],
    });
    if (state !== "granted") continue;
    mayRun = true;
    const version = await versionOf(command);
    if (version !== undefined) return { command, version };
  }
  if (!mayRun) {
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: "C compiler",
      found: "no permission to run one",
      allowed: `--allow-run=${candidates.map((name) => name.split(" ")[0]).join(",")}`,
      action: "Start the host with --allow-run=cc, or the compiler you have.",
    });
  }
  throw new CaissonError("CAISSON_COMPILER_MISSING", {
    subject: "C compiler",
    found: `none of ${candidates.join(", ")} can be run`,
    allowed: "cc, gcc, clang, zig cc, or the command in CC",
  });
}

/**
 * Runs a compiler.
 *
 * @throws {CaissonError} `CAISSON_BUILD_FAILED` with what it said
 */
export async function compile(
  subject: string,
  command: readonly [string, ...string[]],
  args: readonly string[],
  options: { readonly cwd?: string; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const [program, ...rest] = command;
  const { success, stderr } = await new Deno.Command(program, {
    args: [...rest, ...args],
    stdin: "null",
    stdout: "null",
    ...options,
  }).output();
  options.signal?.throwIfAborted();
  if (success) return;
  throw new CaissonError("CAISSON_BUILD_FAILED", {
    subject,
    found: `${program} said:\n${new TextDecoder().decode(stderr).trimEnd()}\n`,
  });
}
