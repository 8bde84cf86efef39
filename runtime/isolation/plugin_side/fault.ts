/** Describes what a plugin threw as plain data. @module */
import type { Fault } from "../worker_protocol.ts";

const STACK_MAX = 2000;

function textOf(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    // A plugin may throw an object whose getters throw.
    return "?";
  }
}

/** The refused permission, when that is what an error or one of its causes is about. */
function deniedBy(thrown: unknown): Fault["denied"] {
  let error = thrown;
  for (let depth = 0; error instanceof Error && depth < 5; depth++) {
    const { message } = error;
    const found = /Requires (\w+) access(?: to (?:the )?"([^"]*)")?/.exec(message);
    if (found !== null) return { permission: found[1]!, target: found[2] ?? "" };
    error = error.cause;
  }
  return undefined;
}

/** A fault for anything that can be thrown; never throws itself. */
export function describeFault(thrown: unknown): Fault {
  if (!(thrown instanceof Error)) {
    return { name: "Error", message: textOf(() => thrown), stack: "" };
  }
  let denied: Fault["denied"];
  try {
    denied = deniedBy(thrown);
  } catch {
    // The cause may be a getter that throws; the message below still says what happened.
  }
  return {
    name: textOf(() => thrown.name),
    message: textOf(() => thrown.message),
    stack: textOf(() => thrown.stack ?? "").slice(0, STACK_MAX),
    ...(denied === undefined ? {} : { denied }),
  };
}
