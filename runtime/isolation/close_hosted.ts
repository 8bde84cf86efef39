/** How an instance in a Worker or a process of its own ends. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { PluginLink } from "./plugin_link.ts";

/**
 * Asks the component to close, and stops its Worker or process when it has, or when its time is up.
 *
 * @throws {CaissonError} what the plugin's `close` threw, or `CAISSON_PLUGIN_TIMEOUT`; the plugin is stopped in any case
 */
export async function closeHosted(
  link: PluginLink,
  closeMs: number,
): Promise<void> {
  try {
    // An instance that failed has been stopped already, and its failure been reported.
    if (!link.ended) {
      await link.ask({ type: "close" }, "closed", closeMs);
    }
  } catch (thrown) {
    if (!(thrown instanceof CaissonError) || link.failure !== thrown) {
      throw thrown;
    }
  } finally {
    await link.terminate();
  }
}
