/** `caisson inspect LIBRARY|PLUGIN_DIR`. @module */
import { basename, resolve } from "@std/path";
import { CaissonError } from "../errors/caisson_error.ts";
import { manifestName } from "../manifest/parse_manifest.ts";
import type { Invocation, Outcome } from "./command.ts";
import { readNeed, requireNeeds } from "./host_need.ts";
import { inspectLibrary } from "./inspect_library.ts";
import { inspectPlugin } from "./inspect_plugin.ts";

/** Shows a library or a plugin. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const { program, words } = invocation;
  const path = resolve(invocation.positionals[0]!);
  requireNeeds([readNeed(path, "what to look at")], { program, words });
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new CaissonError("CAISSON_USAGE", {
      subject: "caisson inspect",
      found: `no file ${path}`,
      allowed: "a library, a plugin's folder or its plugin.json",
      cause,
    });
  }
  if (info.isDirectory || basename(path) === manifestName) return await inspectPlugin(path);
  return inspectLibrary(path, await Deno.readFile(path));
}
