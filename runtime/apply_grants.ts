/** Makes running plugins follow a grant file that has changed. @module */
import type { AuditLog } from "../permissions/audit_log.ts";
import type { EffectivePermissions } from "../permissions/effective.ts";
import type { Grants } from "../permissions/grants.ts";
import { type PermissionKey, permissionKeys } from "../permissions/values.ts";
import { CaissonError } from "./errors/caisson_error.ts";
import type { Repository } from "./repository.ts";
import { permissionsIn, type RunningPlugin } from "./running_plugin.ts";

/** What became of one running instance. */
export interface AppliedGrant {
  /** The plugin. */
  readonly plugin: string;
  /** `flow/node`. */
  readonly connector: string;
  /** `restarted` with the new permissions, or `stopped` together with its flow. */
  readonly outcome: "restarted" | "stopped";
  /** `+ net host:port`, `- read /path`; or why it may not run at all. */
  readonly changes: readonly string[];
}

/** What {@linkcode applyGrants} works on. */
export interface ApplyGrantsOptions {
  /** The new grants. */
  readonly grants: Grants;
  /** Plugins that are registered; it follows. */
  readonly repository: Repository;
  /** What runs. */
  readonly running: readonly RunningPlugin[];
  /** Stops a flow whose plugin cannot go on: in the host process nothing can be taken back. */
  readonly stopFlow: (name: string) => void;
  /** What is done is recorded here. */
  readonly audit: AuditLog;
}

/**
 * Registers every plugin anew under other grants, and ends each instance that was started under different ones. In a process
 * of its own it is started again with the new permissions; in the host process the flow is stopped.
 */
export async function applyGrants(options: ApplyGrantsOptions): Promise<AppliedGrant[]> {
  const { grants, repository, running, stopFlow, audit } = options;
  const refusals = await repository.regrant(grants);
  const applied: AppliedGrant[] = [];
  for (const each of running) {
    const { name } = each.plugin.package.manifest;
    const now = repository.registered.find((plugin) => plugin.package.manifest.name === name);
    const refusal = refusals.get(name);
    const permissions = now === undefined ? undefined : permissionsIn(now, each.flow);
    const changes = permissions === undefined
      ? [refusal?.found ?? "it is not registered any more"]
      : permissionChanges(each.permissions, permissions);
    if (changes.length === 0) continue;
    const ownProcess = each.plugin.isolation === "guard" || each.plugin.isolation === "runner";
    const cause = changes.join("; ");
    const reason = new CaissonError("CAISSON_PERMISSION_REVOKED", {
      subject: `${name} as ${each.connector}`,
      found: cause,
    });
    const outcome = permissions !== undefined && ownProcess ? "restarted" : "stopped";
    const { connector, instance } = each;
    audit.write({ kind: outcome === "restarted" ? "restart" : "stop", plugin: name, connector, instance, cause });
    if (outcome === "restarted") {
      each.narrow(permissions!, reason);
    } else {
      each.revoke(reason);
      stopFlow(each.flow);
    }
    applied.push({ plugin: name, connector, outcome, changes });
  }
  return applied;
}

/** What is different, a line each. */
function permissionChanges(from: EffectivePermissions, to: EffectivePermissions): string[] {
  const values = (permissions: EffectivePermissions, key: PermissionKey) => permissions[key] || [];
  return permissionKeys.flatMap((key) => [
    ...values(to, key).filter((value) => !values(from, key).includes(value)).map((value) => `+ ${key} ${value}`),
    ...values(from, key).filter((value) => !values(to, key).includes(value)).map((value) => `- ${key} ${value}`),
  ]);
}
