/** `caisson uninstall PLUGIN…`. @module */
import { openAuditLog } from "../../permissions/audit_log.ts";
import { grantsName } from "../../permissions/grants.ts";
import { lockFileOf } from "../../permissions/lock_name.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { type Uninstalled, uninstallPlugin } from "../uninstall.ts";
import type { Invocation, Outcome } from "./command.ts";

/** Removes plugins, one after the other. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const grants = invocation.text("grants") ?? grantsName;
  const { store, audit: folder } = stateFolders(grants);
  using audit = openAuditLog({ folder });
  const done: Uninstalled[] = [];
  for (const plugin of invocation.positionals) {
    done.push(await uninstallPlugin({ plugin, lock: lockFileOf(grants), store, audit }));
  }
  return {
    exit: 0,
    text: done.map(({ name, version, removed }) =>
      `${name} ${version} is uninstalled; ${removed.length} of its versions left the store\n` +
      `  what it was granted stays: caisson revoke ${quote(name)} takes it back`
    ).join("\n"),
    document: { uninstalled: done },
  };
}
