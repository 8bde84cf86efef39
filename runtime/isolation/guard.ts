/** Launches a TypeScript component in a Deno process of its own that holds nothing but what is granted. @module */
import { toFileUrl } from "@std/path";
import { buildMemoryLibrary } from "../../ffi/memory_library.ts";
import { specialAddressesToDeny } from "../../permissions/special_addresses.ts";
import { guardPolicy } from "../../permissions/sandbox/process_policy.ts";
import type { ComponentInstance, PartContext } from "../connector/contract.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Provision } from "../manifest/manifest.ts";
import { guardScripts } from "./guard_scripts.ts";
import { sandboxForModule } from "./sandboxed_command.ts";
import { launchProcess, type ProcessOptions } from "./launch_process.ts";
import type { WorkerPermissions } from "./start_worker.ts";
import { NO_FOLDER, translatedModules } from "./translated_modules.ts";
import type { WorkerPlugin } from "./worker.ts";

const MIB = 1 << 20;
/** Heap of a plugin that names no limit, MiB. */
const HEAP_MIB = 256;
/** A write may wait for the other side of a connection; a loop is found out by asking. */
const BATCH_MS = 60_000;
/** What Deno itself, code and shared memory take besides the heap, MiB. */
const BASE_MIB = 256;

/** What {@linkcode launchGuard} needs. */
export interface LaunchGuardOptions {
  /** The plugin. */
  readonly plugin: WorkerPlugin;
  /** Which of its components. */
  readonly provision: Provision;
  /** Effective permissions, all eight keys; `read` holds the plugin's folder. A function is asked at each start of the process. */
  readonly permissions: WorkerPermissions | (() => WorkerPermissions);
  /** Checks that the plugin is still what was approved, before its process is started again. @default {not checked} */
  readonly verify?: (() => Promise<void>) | undefined;
  /** What the instance is given. */
  readonly context: PartContext;
  /** Heap the plugin may fill, MiB; 256 MiB more of physical memory, and it is killed. @default {256} */
  readonly memoryMiB?: number | undefined;
  /** Size up to which the plugin may write one file, in the sandbox, MiB. @default {4096} */
  readonly fileMiB?: number | undefined;
  /** Settings of this instance. */
  readonly options?: ProcessOptions | undefined;
  /** Where the runtime's own libraries and modules go. @default {the user's cache folder} */
  readonly cacheFolder?: string | undefined;
  /** Root of this package. @default {where this module came from} */
  readonly packageRoot?: URL | undefined;
}

/**
 * Creates an instance of a component in a new Deno process with exactly the given permissions. One process, one instance.
 *
 * The plugin may run out of memory, loop for ever or end its process: the host sees it, fails what was in flight and starts
 * the process again. See `docs/security.md` for what a process is and is not.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_COMPILER_MISSING`, `CAISSON_ISOLATION_REFUSED`,
 * `CAISSON_GRANT_UNENFORCEABLE` for a path with a comma, and while
 * loading `CAISSON_PLUGIN_THREW`, `CAISSON_PERMISSION_DENIED`, `CAISSON_PLUGIN_TIMEOUT` or `CAISSON_PLUGIN_CRASHED`
 */
export async function launchGuard(launch: LaunchGuardOptions): Promise<ComponentInstance> {
  const { plugin, provision, permissions, context, memoryMiB = HEAP_MIB, options, cacheFolder } = launch;
  const { packageRoot = new URL(import.meta.resolve("../../")) } = launch;
  const held = () => typeof permissions === "function" ? permissions() : permissions;
  if (Deno.build.standalone) {
    throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
      subject: plugin.name,
      found: "a host made with deno compile: there is no Deno to start",
      allowed: "a host started with deno run, or worker, which reviewed plugins may be granted",
    });
  }
  const cache = cacheFolder === undefined ? {} : { cacheFolder };
  const mapper = await buildMemoryLibrary(cache);
  // Asked for at each start: the process may end after another host has removed what nobody had used for a month.
  const scripts = () => guardScripts({ packageRoot, cacheFolder });
  const program = Deno.execPath();
  const memoryBytes = (memoryMiB + BASE_MIB) * MIB;
  const modulesOf = async () => {
    const folder = await translatedModules({ plugin, cacheFolder });
    return folder === NO_FOLDER ? [] : [folder];
  };
  const plan = async () =>
    await guardPolicy({
      plugin: plugin.name,
      files: [...(await scripts()).files, mapper, plugin.folder, ...await modulesOf()],
      granted: held(),
      memoryBytes,
      fileMiB: launch.fileMiB,
    });
  return await launchProcess({
    plugin: plugin.name,
    provision,
    code: { module: toFileUrl(plugin.module).href },
    process: async () => ({
      command: program,
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-npm",
        "--no-remote",
        "--cached-only",
        "--no-config",
        "--no-lock",
        "--no-code-cache",
        `--v8-flags=--max-old-space-size=${memoryMiB}`,
        ...permissionFlags(plugin.name, held(), mapper),
        (await scripts()).entry,
        mapper,
        String(Deno.pid),
      ],
      env: {
        DENO_DIR: await translatedModules({ plugin, cacheFolder }),
        DENO_NO_PACKAGE_JSON: "1",
        DENO_NO_UPDATE_CHECK: "1",
        ...grantedEnvironment(held().env),
      },
    }),
    verify: launch.verify,
    isolation: "guard",
    memoryBytes,
    sandbox: () => sandboxForModule(plan, { context, cacheFolder }),
    context,
    options: { ...options, batchMs: options?.batchMs ?? BATCH_MS },
    cacheFolder,
  });
}

const grantable = ["read", "write", "net", "env", "sys"] as const;

/** Exactly what is granted. The library goes first: the bootstrap loads it, and gives the permission away. */
function permissionFlags(plugin: string, permissions: WorkerPermissions, mapper: string): string[] {
  const flags = grantable.flatMap((key) => {
    const values = permissions[key];
    return values === false ? [] : [`--allow-${key}=${values.map((value) => withoutComma(plugin, value)).join(",")}`];
  });
  const special = specialAddressesToDeny(permissions.net);
  const denied = special.length === 0 ? [] : [`--deny-net=${special.join(",")}`];
  return [`--allow-ffi=${withoutComma(plugin, mapper)}`, "--deny-run", "--deny-import", ...flags, ...denied];
}

/** A comma separates values, and nothing Deno understands makes it part of one: two would be granted in place of one. */
function withoutComma(plugin: string, value: string): string {
  if (!value.includes(",")) return value;
  throw new CaissonError("CAISSON_GRANT_UNENFORCEABLE", {
    subject: plugin,
    found: `a comma in ${value}`,
    allowed: "for a guard, paths and values without a comma: its permissions are flags of Deno",
    action: "Rename the folder or file, or grant a folder above it.",
  });
}

function grantedEnvironment(names: false | readonly string[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of names || []) {
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    const value = state === "granted" ? Deno.env.get(name) : undefined;
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
