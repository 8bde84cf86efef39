/** `caisson setup`. @module */
import { sha256 } from "../../ffi/sha256.ts";
import type { Invocation, Outcome } from "./command.ts";
import { formatColumns } from "./columns.ts";
import { requireNeeds } from "./host_need.ts";
import { commandCache } from "./plan.ts";
import { supportNeeds, supportPrograms } from "./support_programs.ts";

/** Compiles everything; the first failure ends it. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const { program, words } = invocation;
  const cacheFolder = commandCache(invocation);
  requireNeeds(supportNeeds(cacheFolder, program), { program, words });
  const ready = [];
  for (const { name, purpose, build } of supportPrograms()) {
    const file = await build({ cacheFolder });
    ready.push({ name, purpose, file, sha256: await sha256(await Deno.readFile(file)) });
  }
  return {
    exit: 0,
    text: formatColumns(
      ["ready", "for", "sha256", "file"],
      ready.map((each) => [each.name, each.purpose, each.sha256.slice(0, 16), each.file]),
    ),
    document: { ready },
  };
}
