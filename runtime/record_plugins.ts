/** What the runtime writes into the audit log about its plugins. @module */
import type { AuditLog } from "../permissions/audit_log.ts";
import type { EffectivePermissions } from "../permissions/effective.ts";
import { permissionKeys } from "../permissions/values.ts";
import type { ComponentInstance } from "./connector/contract.ts";
import { CaissonError, messageOf } from "./errors/caisson_error.ts";
import type { Refusal } from "./manifest/discover.ts";
import type { RegisteredPlugin } from "./registered_plugin.ts";

/** Which instance a record is about. */
export interface RecordedInstance {
  /** The plugin. */
  readonly plugin: RegisteredPlugin;
  /** Number of the instance in this process. */
  readonly instance: number;
  /** `flow/node`. */
  readonly connector: string;
}

/** An audit log that tells `onError` what it could not write, and lets the caller go on. */
export function reportingAudit(audit: AuditLog, onError: (error: CaissonError) => void): AuditLog {
  return {
    write(event) {
      try {
        audit.write(event);
      } catch (cause) {
        onError(
          cause instanceof CaissonError
            ? cause
            : new CaissonError("CAISSON_AUDIT_FAILED", { subject: event.plugin, found: messageOf(cause), cause }),
        );
      }
    },
    [Symbol.dispose]: () => audit[Symbol.dispose](),
  };
}

/** Records plugins that were refused. */
export function recordRefusals(audit: AuditLog, refusals: readonly Refusal[]): void {
  for (const { folder, manifest, error } of refusals) {
    audit.write({ kind: "refuse", plugin: manifest?.name ?? folder, folder, code: error.code, cause: error.found });
  }
}

/** Records that code of a plugin runs, with exactly what it may touch. */
export function recordLoad(
  audit: AuditLog,
  { plugin, instance, connector }: RecordedInstance,
  { isolation, level }: Pick<ComponentInstance, "isolation" | "level">,
  permissions: EffectivePermissions,
): void {
  const { manifest, treeHash, manifestSha256 } = plugin.package;
  audit.write({
    kind: "load",
    plugin: manifest.name,
    version: manifest.version,
    hash: treeHash ?? `manifest sha256-${manifestSha256}`,
    instance,
    connector,
    isolation,
    level,
    permissions: permissionKeys.flatMap((key) => permissions[key] ? [`${key} ${permissions[key].join(",")}`] : [])
      .join("; "),
  });
}

/** Records that a plugin tried what it was not granted. */
export function recordDenial(
  audit: AuditLog,
  { plugin, instance, connector }: RecordedInstance,
  { code, found }: CaissonError,
): void {
  audit.write({ kind: "deny", plugin: plugin.package.manifest.name, instance, connector, code, cause: found });
}

const kinds: Readonly<Record<string, "crash" | "kill">> = {
  CAISSON_PLUGIN_CRASHED: "crash",
  CAISSON_PLUGIN_PROTOCOL: "kill",
  CAISSON_PLUGIN_TIMEOUT: "kill",
  CAISSON_PLUGIN_MEMORY: "kill",
};

/** Records what went wrong in a plugin, where it is something an operator has to know of. */
export function recordFault(
  audit: AuditLog,
  { plugin, instance, connector }: RecordedInstance,
  thrown: unknown,
): void {
  if (!(thrown instanceof CaissonError)) return;
  const kind = Object.hasOwn(kinds, thrown.code) ? kinds[thrown.code] : undefined;
  if (kind === undefined) return;
  const { name } = plugin.package.manifest;
  audit.write({ kind, plugin: name, instance, connector, code: thrown.code, cause: thrown.found });
}
