/** Asks whether the host process may do something, without ever prompting. @module */
import { resolve } from "node:path";
import { CaissonError, messageOf } from "../../errors/caisson_error.ts";

/**
 * Checks that the host may read or write a path.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` naming the flag
 */
export function requirePath(
  alias: string,
  name: "read" | "write",
  path: string,
): void {
  const { state } = Deno.permissions.querySync({ name, path });
  if (state !== "granted") throw missing(alias, name, path);
}

/** A socket of the file system as Deno's permissions name it, who take no relative path for one. */
export function unixHost(path: string): string {
  return `unix:${resolve(path)}`;
}

/**
 * Checks that the host may use an address.
 *
 * @param host `host:port` or `unix:path`
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` naming the flag
 */
export function requireNet(alias: string, host: string): void {
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new CaissonError("CAISSON_HOST_PERMISSION", {
    subject: alias,
    found: `the host process may not use ${host}`,
    allowed: `--allow-net=${host}`,
    action: `Start the host with --allow-net=${host}`,
  });
}

/** What opening a path threw, as an error that says what to do. */
export function openFailure(
  alias: string,
  name: "read" | "write",
  path: string,
  thrown: unknown,
): CaissonError {
  // Links and special files are judged by where they lead, which only opening them shows.
  if (thrown instanceof Deno.errors.NotCapable) {
    return missing(alias, name, path, thrown);
  }
  return new CaissonError("CAISSON_CONNECT_FAILED", {
    subject: alias,
    found: `${path}: ${messageOf(thrown)}`,
    cause: thrown,
  });
}

function missing(
  alias: string,
  name: "read" | "write",
  path: string,
  cause?: unknown,
): CaissonError {
  return new CaissonError("CAISSON_HOST_PERMISSION", {
    subject: alias,
    found: `the host process may not ${name} ${path}`,
    allowed: `--allow-${name}=${path}`,
    action: `Start the host with --allow-${name}=${path}`,
    cause,
  });
}
