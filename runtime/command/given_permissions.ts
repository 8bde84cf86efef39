/** The permissions a command line names. @module */
import { resolve } from "@std/path";
import { type PermissionKey, permissionKeys, valueProblem } from "../../permissions/values.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation } from "./command.ts";
import { usage } from "./parse_words.ts";

/**
 * The values that were given, by permission.
 *
 * @throws {CaissonError} `CAISSON_USAGE` for a value that may stand in no list
 */
export function givenPermissions(invocation: Invocation, command: string): Map<PermissionKey, readonly string[]> {
  const given = new Map<PermissionKey, readonly string[]>();
  for (const key of permissionKeys) {
    const list = invocation.list(key).flatMap((text) => text.split(",")).map((text) => text.trim()).filter(Boolean);
    for (const value of list) {
      const problem = valueProblem(key, key === "read" || key === "write" ? resolve(value) : value);
      if (problem !== undefined) throw usage({ name: command }, `--${key} ${quote(value)}, ${problem}`, "exact values");
    }
    if (list.length > 0) given.set(key, [...new Set(list)]);
  }
  return given;
}
