/** What this process itself holds. @module */
import type { PermissionKey } from "./values.ts";

function descriptor(
  key: PermissionKey | "ffi" | "run",
  value: string,
): Deno.PermissionDescriptor {
  switch (key) {
    case "net":
      return { name: "net", host: value };
    case "read":
    case "write":
    case "ffi":
      return { name: key, path: value };
    case "env":
      return { name: "env", variable: value };
    case "run":
      return { name: "run", command: value };
    case "sys":
      return {
        name: "sys",
        kind: value as NonNullable<Deno.SysPermissionDescriptor["kind"]>,
      };
  }
}

/** Whether this process holds a permission now; never asks anybody. */
export function hostHolds(
  key: PermissionKey | "ffi" | "run",
  value: string,
): boolean {
  const { state } = Deno.permissions.querySync(descriptor(key, value));
  return state === "granted";
}
