/** Where built and verified native files are kept. @module */
import { join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";

function environment(name: string): string | undefined {
  const state = Deno.permissions.querySync({ name: "env", variable: name });
  if (state.state !== "granted") return undefined;
  const value = Deno.env.get(name);
  return value === "" ? undefined : value;
}

/**
 * The folder for private copies of libraries and for what is compiled from the runtime's own C files:
 * `$XDG_CACHE_HOME/caisson`, or what the platform uses instead. It is not created.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when the environment may not be read and no folder was given
 */
export function cacheFolder(given?: string): string {
  if (given !== undefined) return given;
  return Deno.build.os === "windows" ? join(platformCache("caisson"), "cache") : platformCache("caisson");
}

/**
 * Where the platform keeps what a program can make again.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when the environment may not be read
 */
export function platformCache(program: string): string {
  const xdg = environment("XDG_CACHE_HOME");
  if (xdg !== undefined) return join(xdg, program);
  if (Deno.build.os === "windows") {
    const local = environment("LOCALAPPDATA");
    if (local !== undefined) return join(local, program);
  }
  const home = environment("HOME");
  if (home === undefined) {
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: "cache folder",
      found: "neither XDG_CACHE_HOME nor HOME can be read",
      allowed: "--allow-env=XDG_CACHE_HOME,HOME, or a folder that is named",
      action: "Start the host with --allow-env=XDG_CACHE_HOME,HOME.",
    });
  }
  return Deno.build.os === "darwin" ? join(home, "Library", "Caches", program) : join(home, ".cache", program);
}

/** Creates a folder that only this user may enter, and returns its path. */
export async function privateFolder(...parts: string[]): Promise<string> {
  const folder = join(...(parts as [string, ...string[]]));
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
