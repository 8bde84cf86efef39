/** `caisson approve PLUGIN HASH`. @module */
import { grantsName } from "../../permissions/grants.ts";
import { openAuditLog } from "../../permissions/audit_log.ts";
import { lockFileOf } from "../../permissions/lock_name.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { approvePlugin } from "../install.ts";
import type { Invocation, Outcome } from "./command.ts";

/** Approves what waits, by the hash that was shown. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [plugin = "", given = ""] = invocation.positionals;
  const hash = given.startsWith("sha256-") ? given : `sha256-${given}`;
  const grants = invocation.text("grants") ?? grantsName;
  const { store, audit: folder } = stateFolders(grants);
  using audit = openAuditLog({ folder });
  const { version, before, changes } = await approvePlugin({ plugin, hash, lock: lockFileOf(grants), store, audit });
  return {
    exit: 0,
    text: [
      `${plugin} ${version.version} ${hash}`,
      ...changes.map(({ text }) => `  ${text}`),
      `  approved in place of ${before.version}; a host that runs takes it when it starts again`,
    ].join("\n"),
    document: { name: plugin, state: "approved", ...version, before, changes },
  };
}
