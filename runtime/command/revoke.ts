/** `caisson revoke PLUGIN`. @module */
import { openAuditLog } from "../../permissions/audit_log.ts";
import { editGrants, withoutValues } from "../../permissions/edit_grants.ts";
import { readGrants } from "../../permissions/grants.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { didYouMean } from "../manifest/schema_issue.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { usage } from "./parse_words.ts";
import { givenPermissions } from "./given_permissions.ts";
import { findSources } from "./sources.ts";

/** Takes back what was granted: single values, or everything. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [name = ""] = invocation.positionals;
  const { grants: file } = await findSources(invocation);
  const revoked = givenPermissions(invocation, "revoke");
  const known = [...(await readGrants(file)).plugins.keys()];
  if (!known.includes(name)) {
    const meant = didYouMean(name, known);
    const allowed = known.length === 0 ? `nothing: ${file} grants nothing` : known.join(", ");
    throw usage(
      { name: "revoke" },
      `no grant for ${quote(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      allowed,
    );
  }
  const dryRun = invocation.flag("dry-run");
  const { text, changes } = await editGrants({
    file,
    plugin: name,
    dryRun,
    edit: (entry) => {
      if (revoked.size === 0 || entry === undefined) return undefined;
      const flows = Object.entries(entry.flows ?? {}).map(([flow, { permissions }]) => {
        // What the plugin has lost, no flow keeps.
        const held = new Map(
          [...revoked].filter(([key, values]) => values.every((value) => (permissions[key] || []).includes(value))),
        );
        return [flow, { permissions: withoutValues(permissions, held, file) }];
      });
      return {
        ...entry,
        permissions: withoutValues(entry.permissions ?? {}, revoked, file),
        ...(entry.flows === undefined ? {} : { flows: Object.fromEntries(flows) }),
      };
    },
  });
  const done = changes.length > 0 ? changes : ["- everything: it is not mentioned any more"];
  if (!dryRun) {
    using audit = openAuditLog({ folder: stateFolders(file).audit });
    audit.write({ kind: "revoke", plugin: name, changes: done, file });
  }
  return {
    exit: 0,
    text: dryRun ? text.trimEnd() : [
      `${name} in ${file}`,
      ...done.map((change) => `  ${change}`),
      "  a host that runs follows within a second or two: it restarts the plugin with less, or stops it",
    ].join("\n"),
    document: dryRun ? JSON.parse(text) : { plugin: name, file, changes: done },
  };
}
