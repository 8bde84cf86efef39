/** The launcher, and a program that tries what it should refuse, compiled from their sources. @module */
import { fromFileUrl, join } from "@std/path";
import { findCompiler } from "../../ffi/compiler.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));
const LAUNCHER = ["main", "policy", "landlock", "privileges", "filter"].map((name) =>
  `${root}permissions/sandbox/${name}.c`
);
const FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1"];

/** Compiled programs; gone when disposed of. */
export interface SandboxPrograms extends AsyncDisposable {
  /** Folder they lie in. */
  readonly folder: string;
  /** The launcher. */
  readonly launcher: string;
  /** The program of `deeds.c`. */
  readonly deeds: string;
}

/** Compiles both into a new folder. */
export async function buildSandboxPrograms(): Promise<SandboxPrograms> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const launcher = join(folder, "launcher");
  const deeds = join(folder, "deeds");
  const confine = `${root}ffi/confine/confine.c`;
  await Promise.all([
    cc([...FLAGS, "-D_GNU_SOURCE", "-o", launcher, ...LAUNCHER]),
    cc([...FLAGS, "-o", deeds, fromFileUrl(new URL("deeds.c", import.meta.url)), confine, "-lpthread"]),
  ]);
  return { folder, launcher, deeds, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** Runs the C compiler; what it says goes to the terminal. */
export async function cc(args: readonly string[]): Promise<void> {
  const { command: [program, ...first] } = await findCompiler();
  const { success } = await new Deno.Command(program, { args: [...first, ...args] }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}

/** What a program printed, without the last line feed. */
export async function outputOf(command: string, args: readonly string[]): Promise<{ out: string; err: string }> {
  const { stdout, stderr } = await new Deno.Command(command, { args: [...args], stdin: "null", clearEnv: true })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { out: text(stdout), err: text(stderr) };
}
