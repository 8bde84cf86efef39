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

/**
 * What is to protect the host from a plugin. Where a machine has no sandbox, native code is refused and TypeScript runs at
 * `process`, with a warning: that is seen when it starts, and `doctor` says it beforehand.
 */
export function levelOf(
  { isolation, unsandboxed }: { readonly isolation: PluginIsolation; readonly unsandboxed: boolean },
): "none" | "process" | "sandbox" {
  if (isolation === "worker" || isolation === "native") return "none";
  const { os, arch } = Deno.build;
  const hasLauncher = os === "linux" && (arch === "x86_64" || arch === "aarch64");
  return (isolation === "runner" && unsandboxed) || !hasLauncher ? "process" : "sandbox";
}
