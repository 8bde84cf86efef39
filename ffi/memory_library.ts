/** The library a guard maps its memory with. @module */
import { buildSupport, type BuildSupportOptions } from "./build_support.ts";

/**
 * The library, built when the cache does not hold it yet.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`
 */
export async function buildMemoryLibrary(options: BuildSupportOptions = {}): Promise<string> {
  return await buildSupport({
    name: "map",
    source: "memory/map.c",
    more: ["confine/confine.c"],
    headers: ["confine/confine.h", "confine/call_names.h"],
    stays: true,
  }, options);
}
