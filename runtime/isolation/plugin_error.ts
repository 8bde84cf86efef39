/** Turns what a plugin threw into an error that says what to do. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { cleanLine } from "./log_gate.ts";
import type { Fault } from "./worker_protocol.ts";

/** An error of the plugin as the author sees it: its own message and stack. */
function causeOf(fault: Fault): Error {
  const cause = new Error(fault.message);
  cause.name = fault.name;
  cause.stack = fault.stack;
  return cause;
}

/** Calls in which a plugin talks to the outside: what it throws there need not be its own fault. */
const outside: readonly string[] = ["connect", "read", "write"];

/**
 * The error for a fault of a plugin: `CAISSON_PERMISSION_DENIED` with the line to grant when a permission was refused,
 * `CAISSON_PLUGIN_THREW` otherwise.
 *
 * @param plugin name of the plugin
 * @param doing what it was doing, such as `write`
 */
export function pluginError(plugin: string, doing: string, fault: Fault): CaissonError {
  const message = cleanLine(fault.message);
  if (fault.denied === undefined) {
    return new CaissonError("CAISSON_PLUGIN_THREW", {
      subject: `${plugin}: ${doing}`,
      found: fault.name === "Error" ? message : `${cleanLine(fault.name)}: ${message}`,
      cause: causeOf(fault),
      ...(outside.includes(doing)
        ? { action: "Check what the plugin talks to; if that is well, report it to the plugin's author." }
        : {}),
    });
  }
  const permission = cleanLine(fault.denied.permission);
  const target = cleanLine(fault.denied.target);
  const what = target === "" ? permission : `${permission} ${target}`;
  return new CaissonError("CAISSON_PERMISSION_DENIED", {
    subject: `${plugin}: ${doing}`,
    found: `${what} was refused`,
    allowed: "what plugin.json asks for and caisson.grants.json grants",
    action: permission === "run" || permission === "ffi" || permission === "import"
      ? `Change the plugin: ${permission} is never granted to a TypeScript plugin.`
      : `If the plugin needs it, add ${grantLine(permission, target)} to the permissions of "${plugin}" ` +
        "in caisson.grants.json; its plugin.json has to ask for it too.",
    cause: causeOf(fault),
  });
}

function grantLine(permission: string, target: string): string {
  return `"${permission}": [${JSON.stringify(target === "" ? "…" : target)}]`;
}
