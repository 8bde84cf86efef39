/** Sockets of the file system. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { PartContext } from "../../contract.ts";
import { requireNet, requirePath, unixHost } from "../host_permission.ts";
import type { Socket } from "./connection.ts";
import { withinDeadline } from "./deadline.ts";
import { limitsOf } from "./socket_schema.ts";
import { addressFailure } from "./tcp.ts";
import type { ClientTransport, Listening, ServerTransport } from "./transport.ts";

function requireSocket(alias: string, path: string): void {
  requirePath(alias, "read", path);
  requirePath(alias, "write", path);
  requireNet(alias, unixHost(path));
}

/** Removes the socket a process left behind that did not end in good order; never another kind of file. */
async function removeStale(alias: string, path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
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
  if (await isAlive(path)) {
    throw new CaissonError("CAISSON_CONNECT_FAILED", {
      subject: alias,
      found: `${path}, where another process listens`,
      action: "Name another path, or end that process.",
    });
  }
  await Deno.remove(path);
}

async function isAlive(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}

/** Listens on a path as a configuration says; Deno removes the socket when it is closed. */
export function unixServer({ alias, config }: PartContext): ServerTransport {
  const path = config["path"] as string;
  return {
    limits: limitsOf(config),
    async listen(): Promise<Listening> {
      requireSocket(alias, path);
      if (config["replace"] === true) await removeStale(alias, path);
      try {
        const listener = Deno.listen({ transport: "unix", path });
        if (config["mode"] !== undefined) await Deno.chmod(path, parseInt(config["mode"] as string, 8));
        return listener;
      } catch (error) {
        throw addressFailure(alias, path, error);
      }
    },
    address: () => ({ path }),
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
