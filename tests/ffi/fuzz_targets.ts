/** The fuzz targets in `fuzz/`: what each is made of, and how it is run with and without a fuzzer. @module */
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { findCompiler, versionOf } from "../../ffi/compiler.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { INCLUDE, run } from "./compile.ts";

const FUZZ = fromFileUrl(new URL("fuzz/", import.meta.url));
const RUNNER = fromFileUrl(new URL("../../ffi/runner/", import.meta.url));

/** Names of the targets, and the files of the runner each is linked with. */
export const TARGETS: Readonly<Record<string, readonly string[]>> = {
  batch: ["slot.c", "answer.c", "text.c", "fault.c", "ring.c", "platform_posix.c"],
  config: [],
  descriptor: ["descriptor.c", "fault.c"],
  report: ["fault.c", "text.c"],
};

const FLAGS: readonly string[] = [
  "-std=c11",
  "-D_DEFAULT_SOURCE",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-g",
  "-O1",
  "-fno-omit-frame-pointer",
  "-fno-sanitize-recover=all",
];

async function build(
  command: readonly string[],
  target: string,
  sanitizers: string,
  more: readonly string[],
  folder: string,
): Promise<string> {
  const program = join(folder, target);
  await run([
    ...command,
    ...FLAGS,
    `-fsanitize=${sanitizers}`,
    `-I${fromFileUrl(INCLUDE)}`,
    join(FUZZ, `${target}.c`),
    ...TARGETS[target]!.map((file) => join(RUNNER, file)),
    ...more,
    "-lm",
    "-o",
    program,
  ]);
  return program;
}

async function corpusOf(target: string): Promise<string[]> {
  const folder = join(FUZZ, "corpus", target);
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) files.push(join(folder, name));
  return files.sort();
}

/** Runs the corpus of a target, and `rounds` damaged copies of each file, under the sanitizers; how many were run. */
export async function replay(target: string, rounds: number): Promise<number> {
  const { command } = await findCompiler();
  const folder = await Deno.makeTempDir();
  try {
    const program = await build(command, target, "address,undefined", [join(FUZZ, "replay.c")], folder);
    const said = await run([program, String(rounds), ...await corpusOf(target)]);
    return Number(/^(\d+) executions$/m.exec(said)?.[1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Fuzzes a target with libFuzzer, starting from its corpus; how many inputs were run. What made it fail is in the error.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING` without clang
 */
export async function fuzz(target: string, seconds: number): Promise<number> {
  if (await versionOf(["clang"]) === undefined) {
    throw new CaissonError("CAISSON_COMPILER_MISSING", {
      subject: "fuzz targets",
      found: "no clang",
      allowed: "clang with libFuzzer, as in Debian's package clang",
      action: "Install clang; ok:long needs it.",
    });
  }
  const folder = await Deno.makeTempDir();
  try {
    const program = await build(["clang"], target, "fuzzer,address,undefined", [], folder);
    const corpus = join(folder, "corpus");
    await Deno.mkdir(corpus);
    const { code, stderr } = await new Deno.Command(program, {
      args: [
        `-max_total_time=${seconds}`,
        "-max_len=4096",
        `-artifact_prefix=${folder}/`,
        corpus,
        join(FUZZ, "corpus", target),
      ],
      cwd: folder,
      stdin: "null",
      stdout: "null",
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 0, `${target}:\n${said.slice(-8000)}`);
    return Number(/^Done (\d+) runs/m.exec(said)?.[1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
