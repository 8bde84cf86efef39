/** The only place that creates Workers: every permission is named, nothing is left to defaults. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";

/** Every permission key of Deno. */
export const workerPermissionKeys = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
  "import",
] as const;

/** One permission key of Deno. */
export type WorkerPermissionKey = typeof workerPermissionKeys[number];

/** What a Worker may touch: `false` for nothing, or an exact list. All eight keys, since a missing one can mean everything. */
export type WorkerPermissions = {
  readonly [Key in WorkerPermissionKey]: false | readonly string[];
};

/** Permissions of a Worker that may touch nothing. */
export const noPermissions: WorkerPermissions = {
  read: false,
  write: false,
  net: false,
  env: false,
  run: false,
  sys: false,
  ffi: false,
  import: false,
};

/** What {@linkcode startWorker} needs. */
export interface StartWorkerOptions {
  /** URL of a module of ours. Never a plugin's: static imports of the entry module are read with the host's permissions. */
  readonly url: string;
  /** Name of the Worker, shown in Deno's messages. */
  readonly name: string;
  /** Name of the plugin: keeps what Deno stores by URL apart between plugins. */
  readonly plugin: string;
  /** What it may touch. */
  readonly permissions: WorkerPermissions;
  /** Told about an error nothing in the Worker handled, and about a message that could not be read. */
  readonly onError: (message: string) => void;
}

/**
 * Creates a Worker with exactly the permissions that are listed.
 *
 * An object with a key too many, too few or with any other value is refused: Deno reads `null`, `{}` and a misspelt key as
 * "everything the host may".
 *
 * @throws {CaissonError} `CAISSON_INTERNAL` for permissions that are not complete, `CAISSON_HOST_PERMISSION` when the host
 * itself does not hold what is listed
 */
export function startWorker(options: StartWorkerOptions): Worker {
  const { url, name, plugin, onError } = options;
  const permissions = exactPermissions(options.permissions, name);
  const entry = new URL(url);
  if (entry.protocol === "file:") entry.searchParams.set("plugin", plugin);
  let worker: Worker;
  try {
    worker = new Worker(entry.href, {
      type: "module",
      name,
      deno: { permissions },
    });
  } catch (thrown) {
    throw new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: name,
      found: messageOf(thrown),
      allowed: "permissions the host process holds itself",
      action: `Start the host with ${flags(permissions)}, or grant the plugin less.`,
      cause: thrown,
    });
  }
  worker.addEventListener("error", (event) => {
    // Without this, an error in a Worker ends the host.
    event.preventDefault();
    onError(event.message);
  });
  worker.addEventListener("messageerror", () => onError("sent a message that cannot be read"));
  return worker;
}

/** The same permissions in an object of our own with nothing inherited, complete or refused. */
function exactPermissions(
  permissions: WorkerPermissions,
  name: string,
): Record<WorkerPermissionKey, false | string[]> {
  const refuse = (found: string): never => {
    throw new CaissonError("CAISSON_INTERNAL", {
      subject: name,
      found,
      allowed: `own properties ${workerPermissionKeys.join(", ")}, each false or a list`,
    });
  };
  if (typeof permissions !== "object" || permissions === null) refuse(`permissions ${permissions}`);
  for (const key of Reflect.ownKeys(permissions)) {
    if (!(workerPermissionKeys as readonly unknown[]).includes(key)) {
      refuse(`permission ${String(key)}`);
    }
  }
  const exact: Partial<Record<WorkerPermissionKey, false | string[]>> = {};
  for (const key of workerPermissionKeys) {
    if (!Object.hasOwn(permissions, key)) refuse(`no permission ${key}`);
    const value = permissions[key];
    if (value === false) {
      exact[key] = false;
    } else if (
      Array.isArray(value) && value.length > 0 &&
      value.every((item) => typeof item === "string" && item !== "")
    ) {
      exact[key] = [...value];
    } else {
      refuse(`permission ${key} is ${JSON.stringify(value)}`);
    }
  }
  return exact as Record<WorkerPermissionKey, false | string[]>;
}

function flags(permissions: Record<WorkerPermissionKey, false | string[]>): string {
  return workerPermissionKeys.filter((key) => permissions[key] !== false)
    .map((key) => `--allow-${key}=${(permissions[key] as string[]).join(",")}`).join(" ");
}
