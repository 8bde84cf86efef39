/** The `runner` isolation: a native plugin in a small C program of its own, batches in memory both share. @module */
import { buildRunner } from "../../ffi/build_runner.ts";
import { cacheFolder } from "../../ffi/cache_folder.ts";
import type { Descriptor } from "../../ffi/descriptor.ts";
import { privateCopy } from "../../ffi/private_copy.ts";
import { readLibrary } from "../../ffi/read_library.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { type ProcessPolicyOptions, runnerPolicy } from "../../permissions/sandbox/process_policy.ts";
import type { ComponentInstance, PartContext } from "../connector/contract.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Manifest, Provision } from "../manifest/manifest.ts";
import { sandboxForLibrary } from "./sandboxed_command.ts";
import { launchProcess, type ProcessOptions } from "./launch_process.ts";
import { runnerError } from "./runner_error.ts";

const MIB = 1 << 20;
/** Physical memory a plugin may hold, MiB, its share of the rings included. */
const MEMORY_MIB = 512;
const CLOSE_MS = 2_000;

/** What {@linkcode launchRunner} needs. */
export interface LaunchRunnerOptions {
  /** The library as the sealed manifest names it. */
  readonly library: {
    /** Path of the file. */
    readonly file: string;
    /** SHA-256 it must have, hexadecimal. */
    readonly sha256: string;
  };
  /** Manifest the library must agree with. */
  readonly manifest: Manifest;
  /** Which component to launch. */
  readonly provision: Provision;
  /** What the instance is given. */
  readonly context: PartContext;
  /** Where the private copy, the runner's program and the runtime's libraries go. @default {the user's cache folder} */
  readonly cacheFolder?: string | undefined;
  /** Physical memory the process may hold, MiB; then it is killed. @default {512} */
  readonly memoryMiB?: number | undefined;
  /** Size up to which the plugin may write one file, in the sandbox, MiB. @default {4096} */
  readonly fileMiB?: number | undefined;
  /** Checks that the plugin is still what was approved, before its process is started again. @default {not checked} */
  readonly verify?: (() => Promise<void>) | undefined;
  /**
   * What the operator granted, asked at each start: the sandbox holds the process to it.
   * @default {no sandbox: the grant says "unsandboxed"}
   */
  readonly permissions?: (() => ProcessPolicyOptions["granted"]) | undefined;
  /** Deadlines, ring, restarts. */
  readonly options?: ProcessOptions | undefined;
  /** Program to start in place of the one that is built: the tests' with sanitizers. @default {built when it is missing} */
  readonly program?: string | undefined;
}

/**
 * Opens one component of a native plugin in a process of its own. Nothing of the plugin is loaded into this process. The
 * plugin may crash, hang or leak: what was in flight fails, and the process is started again.
 *
 * @throws {CaissonError} what `loadLibrary` throws before it loads, `CAISSON_CONFIG_INVALID`, `CAISSON_NATIVE_CALL`,
 * `CAISSON_LIBRARY_LOAD`, `CAISSON_PLUGIN_CRASHED`, `CAISSON_PLUGIN_TIMEOUT`, `CAISSON_ISOLATION_REFUSED`,
 * `CAISSON_HOST_PERMISSION`, `CAISSON_COMPILER_MISSING`
 * @example
 * ```ts
 * const { part } = await launchRunner({ library: { file, sha256 }, manifest, provision, context });
 * if (part.kind === "source") await part.source.connect?.({ overall: 0, sinceLastSuccess: 0 });
 * ```
 */
export async function launchRunner(launch: LaunchRunnerOptions): Promise<ComponentInstance> {
  const { library, manifest, provision, context, memoryMiB = MEMORY_MIB, options = {} } = launch;
  const cache = launch.cacheFolder === undefined ? {} : { cacheFolder: launch.cacheFolder };
  const plugin = manifest.name;
  const bytes = await readLibrary(library.file, library.sha256, plugin);
  const descriptor = verifyLibrary({ bytes, manifest });
  const index = componentIndex(descriptor, provision);
  const path = await privateCopy(bytes, library.sha256.toLowerCase(), cache);
  const command = launch.program ?? await buildRunner(cache);
  const { closeMs = CLOSE_MS } = options;
  const memoryBytes = memoryMiB * MIB;
  const { permissions: granted } = launch;
  const plan = (granted: ProcessPolicyOptions["granted"]) => () =>
    runnerPolicy({ plugin, files: [path], granted, memoryBytes, fileMiB: launch.fileMiB });
  return await launchProcess({
    plugin,
    provision,
    index,
    code: { library: path },
    process: { command, args: [String(Deno.pid)], cwd: cacheFolder(launch.cacheFolder) },
    verify: launch.verify,
    isolation: "runner",
    memoryBytes,
    sandbox: granted === undefined ? undefined : () => sandboxForLibrary(plugin, plan(granted()), launch),
    context,
    // The plugin's own deadline ends before the host's patience does.
    open: { instance: context.instance, stopMs: Math.ceil(closeMs * 3 / 4) },
    settlesSlots: true,
    errorOf: runnerError,
    options,
    cacheFolder: launch.cacheFolder,
  });
}

function componentIndex(descriptor: Descriptor, provision: Provision): number {
  const { plugin, interfaces } = descriptor;
  const index = interfaces.findIndex(({ kind, name }) => kind === provision.kind && name === provision.name);
  if (index >= 0) return index;
  throw new CaissonError("CAISSON_DESCRIPTOR_MANIFEST", {
    subject: plugin,
    found: `no ${provision.kind} "${provision.name}" in the library`,
    allowed: interfaces.map(({ kind, name }) => `${kind} "${name}"`).join(", "),
  });
}
