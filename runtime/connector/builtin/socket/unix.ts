/** Sockets of the file system. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { PartContext } from "../../contract.ts";
import { requireNet, requirePath } from "../host_permission.ts";
import type { Socket } from "./connection.ts";
import { withinDeadline } from "./deadline.ts";
import { limitsOf } from "./socket_schema.ts";
import { addressFailure } from "./tcp.ts";
import type { ClientTransport, ServerTransport } from "./transport.ts";

function requireSocket(alias: string, path: string): void {
  requirePath(alias, "read", path);
  requirePath(alias, "write", path);
  requireNet(alias, `unix:${path}`);
}

/** Removes the socket a process left behind that did not end in good order; never another kind of file. */
function removeStale(alias: string, path: string): void {
  let found: Deno.FileInfo;
  try {
    found = Deno.lstatSync(path);
  } catch {
    return;
  }
  if (found.isSocket !== true) {
    throw new CaissonError("CAISSON_CONNECT_FAILED", {
      subject: alias,
      found: `${path}, which is there and no socket`,
      action: "Name another path, or remove the file.",
    });
  }
  Deno.removeSync(path);
}

/** Tells a file from another one of the same name; numbers alone are given out again. */
function identity(path: string): string {
  const { ino, mtime } = Deno.lstatSync(path);
  return `${ino} ${mtime?.getTime()}`;
}

/** Listens on a path as a configuration says. */
export function unixServer({ alias, config }: PartContext): ServerTransport {
  const path = config["path"] as string;
  let made: string | undefined;
  return {
    limits: limitsOf(config),
    listen(): { accept(): Promise<Socket>; close(): void } {
      requireSocket(alias, path);
      if (config["replace"] === true) removeStale(alias, path);
      try {
        const listener = Deno.listen({ transport: "unix", path });
        if (config["mode"] !== undefined) Deno.chmodSync(path, parseInt(config["mode"] as string, 8));
        made = identity(path);
        return listener;
      } catch (error) {
        throw addressFailure(alias, path, error);
      }
    },
    address: () => ({ path }),
    closed(): void {
      if (made === undefined) return;
      try {
        // Somebody else may listen there by now.
        if (identity(path) === made) Deno.removeSync(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
}

/** Connects to a path as a configuration says. */
export function unixClient({ alias, config }: PartContext): ClientTransport {
  const path = config["path"] as string;
  return {
    limits: limitsOf(config),
    async dial(): Promise<Socket> {
      requireSocket(alias, path);
      try {
        return await withinDeadline(
          Deno.connect({ transport: "unix", path }),
          config["connect_timeout_ms"] as number,
          alias,
          `connecting to ${path}`,
        );
      } catch (error) {
        throw addressFailure(alias, path, error);
      }
    },
  };
}
