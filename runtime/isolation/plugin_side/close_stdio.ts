/** Takes the host's terminal and pipes from a Worker. @module */
import { closeSync } from "node:fs";

/**
 * Closes the Worker's own handles of stdin, stdout and stderr; those of the host stay open. `node:fs` would reach them
 * by number, without any permission: data for stdout could be forged, and stdin read.
 */
export function closeStdio(): void {
  for (const handle of [0, 1, 2]) closeSync(handle);
}
