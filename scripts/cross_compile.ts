// deno-lint-ignore-file no-console -- the terminal is where it reports
// Compiles everything in C for the platforms that are not tested here: runner, adapter, shared memory, plugins.
//
//   deno task cross-compile [TARGET…]
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RUNNER_FLAGS, RUNNER_SOURCES } from "../ffi/build_runner.ts";
import { compile, versionOf } from "../ffi/compiler.ts";
import { CaissonError } from "../runtime/errors/caisson_error.ts";

type Command = readonly [string, ...string[]];

/** A platform, and what compiles for it beside zig. */
interface Target {
  /** As zig names it. */
  readonly name: string;
  /** Compilers that make nothing else. */
  readonly others: readonly string[];
}

const TARGETS: readonly Target[] = [
  { name: "x86_64-windows-gnu", others: ["x86_64-w64-mingw32-gcc-posix", "x86_64-w64-mingw32-gcc"] },
  { name: "x86_64-macos", others: [] },
  { name: "aarch64-macos", others: [] },
  { name: "aarch64-linux-gnu", others: ["aarch64-linux-gnu-gcc"] },
];

/** zig as a program, or as the module of Python that PyPI has. */
const ZIG: readonly Command[] = [["zig", "cc"], ["python3", "-m", "ziglang", "cc"]];

/** Libraries of the host, each of these files. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  adapter: ["ffi/adapter/adapter.c", "ffi/adapter/bell.c", "ffi/adapter/kept.c"],
  map: ["ffi/memory/map.c"],
  share: ["ffi/memory/share.c"],
};

async function compilerFor({ name, others }: Target): Promise<Command> {
  for (const zig of ZIG) {
    if (await versionOf(zig) !== undefined) return [...zig, "-target", name];
  }
  for (const other of others) {
    if (await versionOf([other]) !== undefined) return [other];
  }
  throw new CaissonError("CAISSON_COMPILER_MISSING", {
    subject: name,
    found: "no compiler for it",
    allowed: ["zig cc", "python3 -m ziglang cc", ...others].join(", "),
    action: "Install zig, or the ziglang package of PyPI.",
  });
}

/** Plugins in C below `plugins/`, with their sources. */
async function plugins(root: string): Promise<[string, string[]][]> {
  const found: [string, string[]][] = [];
  for await (const { name } of Deno.readDir(join(root, "plugins"))) {
    const text = await Deno.readTextFile(join(root, "plugins", name, "plugin.json")).catch(() => "{}");
    const { native } = JSON.parse(text) as { native?: { build?: { language: string; sources: string[] } } };
    if (native?.build?.language === "c") {
      found.push([name, native.build.sources.map((source) => join("plugins", name, source))]);
    }
  }
  return found.sort();
}

/**
 * Compiles every part for a target; the names of the parts. Nothing is kept.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_BUILD_FAILED` with what the compiler said
 */
async function compileFor(target: Target, root: string): Promise<string[]> {
  const command = await compilerFor(target);
  const folder = await Deno.makeTempDir();
  const flags = [...RUNNER_FLAGS, "-O2", `-I${join(root, "ffi/include")}`];
  const shared = ["-shared", "-fvisibility=hidden", ...(target.name.includes("windows") ? [] : ["-fPIC"])];
  const parts: [string, readonly string[], readonly string[]][] = [
    ["runner", RUNNER_SOURCES.map((source) => `ffi/${source}`), []],
    ...Object.entries(LIBRARIES).map(([name, files]): [string, readonly string[], readonly string[]] => [
      name,
      files,
      shared,
    ]),
    ...(await plugins(root)).map(([name, files]): [string, readonly string[], readonly string[]] => [
      name,
      files,
      shared,
    ]),
  ];
  try {
    for (const [name, files, more] of parts) {
      const subject = `${name} for ${target.name}`;
      const sources = files.map((file) => join(root, file));
      await compile(subject, command, [...flags, ...more, ...sources, "-lpthread", "-o", join(folder, name)]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return parts.map(([name]) => name);
}

/**
 * Compiles every part in C for the targets of these names, or all; what was compiled, by target.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_BUILD_FAILED`
 */
export async function crossCompile(names: readonly string[] = []): Promise<ReadonlyMap<string, readonly string[]>> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const done = new Map<string, readonly string[]>();
  for (const target of TARGETS) {
    if (names.length === 0 || names.includes(target.name)) done.set(target.name, await compileFor(target, root));
  }
  return done;
}

if (import.meta.main) {
  try {
    for (const [target, parts] of await crossCompile(Deno.args)) console.log(`${target}: ${parts.join(", ")}`);
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    Deno.exit(1);
  }
}
