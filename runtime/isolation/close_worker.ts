/** How an instance in a Worker ends. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { WorkerLink } from "./worker_link.ts";

/**
 * Asks the component to close, and stops the Worker when it has, or when its time is up.
 *
 * @throws {CaissonError} what the plugin's `close` threw, or `CAISSON_PLUGIN_TIMEOUT`; the Worker is stopped in any case
 */
export async function closeWorker(
  link: WorkerLink,
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
    link.terminate();
  }
}
