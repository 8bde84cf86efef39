/** The plugin a command is about, by its name. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { PluginPackage } from "../manifest/manifest.ts";
import { didYouMean } from "../manifest/schema_issue.ts";
import { quote } from "../manifest/untrusted_text.ts";

/**
 * Finds a plugin among those that were found.
 *
 * @throws {CaissonError} `CAISSON_USAGE`
 */
export function findPlugin(name: string, packages: readonly PluginPackage[], command: string): PluginPackage {
  const found = packages.find(({ manifest }) => manifest.name === name);
  if (found !== undefined) return found;
  const known = packages.map(({ manifest }) => manifest.name).sort();
  const meant = didYouMean(name, known);
  throw new CaissonError("CAISSON_USAGE", {
    subject: `caisson ${command}`,
    found: `no plugin called ${quote(name)}`,
    allowed: known.length === 0 ? "nothing: no plugin was found" : known.join(", "),
    action: meant === undefined ? "Run caisson plugins to see what there is." : `Did you mean ${meant}?`,
  });
}
