/** Libraries that could not be unloaded: how many of each plugin, and when it is too many. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/** Builds of one plugin that may stay in memory side by side; after that it needs a process of its own, or a restart. */
const MOST_PARKED = 8;

const parked = new Map<string, Set<string>>();

/** Builds of a plugin that are in memory though nobody uses them; each costs its mapping and its statics. */
export function parkedBuilds(plugin: string): number {
  return parked.get(plugin)?.size ?? 0;
}

/** Notes that a build stays. The same build is counted once, since loading it again maps nothing more. */
export function park(plugin: string, path: string): void {
  const paths = parked.get(plugin) ?? new Set();
  parked.set(plugin, paths.add(path));
}

/**
 * Refuses one more build of a plugin of which too many could not be unloaded.
 *
 * @throws {CaissonError} `CAISSON_ISOLATION_REFUSED`
 */
export function requireRoom(plugin: string, path: string): void {
  const paths = parked.get(plugin);
  if (paths === undefined || paths.size < MOST_PARKED || paths.has(path)) return;
  throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
    subject: plugin,
    found: `${paths.size} earlier builds that could not be unloaded`,
    allowed: `${MOST_PARKED} in isolation native`,
    action: "Run the plugin in isolation runner, or restart the host.",
  });
}
