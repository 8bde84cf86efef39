/**
 * The command line, `caisson`: runs flows, checks, inspects, builds and creates plugins. `caisson help` lists the commands.
 *
 * @example
 * ```sh
 * deno run --allow-read main.ts flags flow.json
 * ```
 *
 * @module
 */
import { runCommandLine } from "./runtime/command/command_line.ts";

if (import.meta.main) {
  // Exits even when a stuck Worker or a plugin's native thread would keep the process.
  Deno.exit(await runCommandLine(Deno.args, import.meta.url));
}
