/** Compiles the Rust crate for plugin authors with rustc alone: no cargo, no registry, nothing to download. @module */
import { dirname, join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { cacheFolder, privateFolder } from "./cache_folder.ts";
import { compile, type Compiler, versionOf } from "./compiler.ts";
import { packageFiles, type PackageFilesOptions } from "./package_files.ts";
import { sha256 } from "./sha256.ts";

const ROOT = "sdk/rust/src/";

/** The compiled crate. */
export interface RustSdk {
  /** Path of `libcaisson.rlib`. */
  readonly library: string;
  /** Digest of the sources. */
  readonly digest: string;
}

/**
 * Finds rustc.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`
 */
export async function findRust(): Promise<Compiler> {
  const { state } = await Deno.permissions.query({
    name: "run",
    command: "rustc",
  });
  if (state !== "granted") {
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: "Rust compiler",
      found: "no permission to run it",
      allowed: "--allow-run=rustc",
      action: "Start the host with --allow-run=rustc.",
    });
  }
  const version = await versionOf(["rustc"]);
  if (version === undefined) {
    throw new CaissonError("CAISSON_COMPILER_MISSING", {
      subject: "Rust compiler",
      found: "rustc cannot be run",
      allowed: "rustc 1.77 or newer",
      action: "Install Rust with rustup, or with your system's packages.",
    });
  }
  return { command: ["rustc"], version };
}

/** The crate's files, found by following `mod name;` from its root. */
async function crateFiles(
  path: string,
  options: PackageFilesOptions,
): Promise<string[]> {
  const { folder } = await packageFiles([path], options);
  const text = await Deno.readTextFile(join(folder, path));
  const children = [...text.matchAll(/^\s*(?:pub(?:\([a-z]+\))? )?mod (\w+);/gm)];
  const below = path === `${ROOT}lib.rs` ? ROOT : path.replace(/\.rs$/, "/");
  const found = await Promise.all(
    children.map(([, name]) => crateFiles(`${below}${name}.rs`, options)),
  );
  return [path, ...found.flat()];
}

/** The SDK crate as an rlib in the cache folder, compiled when the cache does not hold it for this rustc yet. */
export async function buildRustSdk(
  rust: Compiler,
  options: PackageFilesOptions = {},
): Promise<RustSdk> {
  const paths = (await crateFiles(`${ROOT}lib.rs`, options)).sort();
  const { folder, digest } = await packageFiles(paths, options);
  const key = await sha256(`${digest} ${rust.version}`);
  const library = join(
    await privateFolder(cacheFolder(options.cacheFolder), "rust", key),
    "libcaisson.rlib",
  );
  try {
    await Deno.stat(library);
    return { library, digest };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
  const scratch = await Deno.makeTempDir({
    dir: dirname(library),
    prefix: ".build-",
  });
  try {
    // rustc finds a crate by its file name, so it is compiled under the right one and moved.
    const fresh = join(scratch, "libcaisson.rlib");
    await compile("the Rust crate caisson", rust.command, [
      "--edition",
      "2021",
      "--crate-type",
      "rlib",
      "--crate-name",
      "caisson",
      "-O",
      "-C",
      "panic=unwind",
      "-o",
      fresh,
      join(folder, `${ROOT}lib.rs`),
    ]);
    await Deno.rename(fresh, library);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return { library, digest };
}
