/**
 * Caisson: a Deno-native, permissioned plugin runtime for event processing.
 *
 * This is the only module a host program imports. {@linkcode Runtime} discovers plugins, deploys flows and stops them;
 * the adapters make sources and sinks of streams and async iterables.
 *
 * @example
 * ```ts
 * import { Runtime } from "@caisson/runtime";
 *
 * await using runtime = new Runtime({ pluginFolders: ["./plugins"], grants: "./caisson.grants.json" });
 * const { refused } = await runtime.discover();
 * for (const { folder, error } of refused) console.error(folder, error.message);
 * ```
 *
 * @module
 */
export { type Discovery, type HostComponent, Runtime, type RuntimeOptions } from "./runtime/runtime.ts";
export { CaissonError, type CaissonErrorOptions } from "./runtime/errors/caisson_error.ts";
export { type CodeEntry, codes, type ErrorCode } from "./runtime/errors/codes.ts";
