/** Compiles the adapter into the cache folder, once. @module */
import { buildSupport, type BuildSupportOptions } from "./build_support.ts";

/** Options of {@linkcode buildAdapter}. */
export type BuildAdapterOptions = BuildSupportOptions;

/**
 * The adapter's library, compiled from the package's own source when the cache does not hold it yet.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`
 */
export async function buildAdapter(options: BuildAdapterOptions = {}): Promise<string> {
  return await buildSupport({
    name: "adapter",
    source: "adapter/adapter.c",
    more: ["adapter/bell.c", "adapter/kept.c"],
    headers: ["include/caisson.h"],
  }, options);
}
