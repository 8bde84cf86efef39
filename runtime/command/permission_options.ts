/** The options that name permissions, for grant and revoke. @module */
import { type PermissionKey, permissionKeys } from "../../permissions/values.ts";
import type { CommandOption } from "./command.ts";

const values: Readonly<Record<PermissionKey, string>> = {
  net: "HOST:PORT",
  read: "PATH",
  write: "PATH",
  env: "NAME",
  sys: "KIND",
};

/** One option for each permission. */
export function permissionOptions(what: string): Readonly<Record<PermissionKey, CommandOption>> {
  return Object.fromEntries(
    permissionKeys.map((key) => [key, {
      kind: "text",
      value: values[key],
      many: true,
      description: `${what} ${key}: exact values, several with commas or by repeating the option`,
    }]),
  ) as unknown as Record<PermissionKey, CommandOption>;
}
