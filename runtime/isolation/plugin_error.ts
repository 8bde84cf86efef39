/** Turns what a plugin threw into an error that says what to do. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { cleanLine } from "./log_gate.ts";
import type { Fault } from "./worker_protocol.ts";

/** An error of the plugin as the author sees it: its own message and stack. */
function causeOf(fault: Fault): Error {
  const cause = new Error(fault.message);
  cause.name = fault.name;
  cause.stack = fault.stack;
  return cause;
}

/** Codes of calls that may fail without anybody being at fault; everything else a plugin throws is its own bug. */
const codes: Readonly<Record<string, ErrorCode>> = {
  connect: "CAISSON_CONNECT_FAILED",
  read: "CAISSON_SOURCE_FAILED",
  write: "CAISSON_SINK_FAILED",
};

/**
 * The error for a fault of a plugin: `CAISSON_PERMISSION_DENIED` with the line to grant when a permission was refused,
 * `CAISSON_CONNECT_FAILED`, `CAISSON_SOURCE_FAILED` or `CAISSON_SINK_FAILED` from a call that talks to the outside,
 * `CAISSON_PLUGIN_THREW` otherwise.
 *
 * @param plugin name of the plugin
 * @param doing what it was doing, such as `write`
 */
export function pluginError(plugin: string, doing: string, fault: Fault): CaissonError {
  const message = cleanLine(fault.message);
  if (fault.denied === undefined) {
    return new CaissonError(codes[doing] ?? "CAISSON_PLUGIN_THREW", {
      subject: `${plugin}: ${doing}`,
      found: fault.name === "Error" ? message : `${cleanLine(fault.name)}: ${message}`,
      cause: causeOf(fault),
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
