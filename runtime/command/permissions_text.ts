/** Permissions of a plugin as one line. @module */
import type { EffectivePermissions } from "../../permissions/effective.ts";
import type { PluginIsolation } from "../../permissions/grants.ts";
import { permissionKeys } from "../../permissions/values.ts";
import { shownPath } from "./deno_line.ts";

/** What it may touch: `net 127.0.0.1:80; read data`. */
export function permissionsText(permissions: EffectivePermissions): string {
  const parts = permissionKeys.flatMap((key) => {
    const values = permissions[key];
    if (!values) return [];
    return [`${key} ${values.map((value) => key === "read" || key === "write" ? shownPath(value) : value).join(", ")}`];
  });
  return parts.length === 0 ? "nothing" : parts.join("; ");
}

/** What protects the host from code in an isolation. */
export function levelOf(isolation: PluginIsolation): "none" | "process" {
  return isolation === "worker" || isolation === "native" ? "none" : "process";
}
