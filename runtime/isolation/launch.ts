/** Brings a registered component to life under the isolation it was registered for. @module */
import { resolve } from "@std/path";
import type { EffectivePermissions } from "../../permissions/effective.ts";
import type { ComponentInstance, PartContext } from "../connector/contract.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Supervision } from "../manifest/supervision.ts";
import type { Provision } from "../manifest/manifest.ts";
import type { RegisteredPlugin } from "../repository.ts";
import { launchGuard } from "./guard.ts";
import type { ProcessOptions } from "./launch_process.ts";
import { launchNative } from "./native.ts";
import { launchRunner } from "./runner.ts";
import { launchWorker } from "./worker.ts";

/** What {@linkcode launchPlugin} needs. */
export interface LaunchOptions {
  /** The plugin, checked and registered. */
  readonly plugin: RegisteredPlugin;
  /** What it may touch at the moment it is started. @default {what the plugin may} */
  readonly permissions?: () => EffectivePermissions;
  /** Checks that its files are still what was approved, before a process of it is started again. @default {not checked} */
  readonly verify?: (() => Promise<void>) | undefined;
  /** Which of its components. */
  readonly provision: Provision;
  /** What the instance is given. */
  readonly context: PartContext;
  /** Codec the flow names for a sink. @default {json} */
  readonly codec?: string | undefined;
  /** How its process is watched; what is left out is as the grant says. @default {as the grant says} */
  readonly supervision?: Supervision | undefined;
  /** Where private copies of libraries go. @default {the user's cache folder} */
  readonly cacheFolder?: string | undefined;
}

/**
 * Launches one instance: the first moment any code of the plugin runs.
 *
 * @throws {CaissonError} `CAISSON_ISOLATION_REFUSED`, or what the isolation throws
 */
export async function launchPlugin(
  options: LaunchOptions,
): Promise<ComponentInstance> {
  const { plugin, provision, context, codec, cacheFolder } = options;
  const { permissions = () => plugin.permissions } = options;
  const { manifest, folder } = plugin.package;
  const module = () => ({ name: manifest.name, folder, module: resolve(folder, manifest.module!) });
  const cache = cacheFolder === undefined ? {} : { cacheFolder };
  switch (plugin.isolation) {
    case "worker":
      return await launchWorker({
        plugin: module(),
        provision,
        permissions: permissions(),
        context,
        options: { codec },
      });
    case "guard":
      return await launchGuard({
        plugin: module(),
        provision,
        permissions,
        context,
        options: { codec, ...processOptions({ ...plugin.supervision, ...options.supervision }) },
        memoryMiB: manifest.limits?.memoryMiB,
        fileMiB: manifest.limits?.fileMiB,
        verify: options.verify,
        ...cache,
      });
    case "native":
      return await launchNative({
        library: plugin.library!,
        manifest,
        provision,
        context,
        ...cache,
      });
    case "runner":
      return await launchRunner({
        library: plugin.library!,
        manifest,
        provision,
        context,
        permissions: plugin.unsandboxed ? undefined : permissions,
        options: processOptions({ ...plugin.supervision, ...options.supervision }),
        memoryMiB: manifest.limits?.memoryMiB,
        fileMiB: manifest.limits?.fileMiB,
        verify: options.verify,
        ...cache,
      });
    default:
      throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
        subject: manifest.name,
        found: `isolation ${plugin.isolation}`,
        allowed: "worker, guard, native, runner",
      });
  }
}

/** What a flow says about supervision, as the options of a process. */
function processOptions({ restarts, firstMs, maxMs, windowMs, slotMs, batchMs }: Supervision = {}): ProcessOptions {
  return {
    restart: { max: restarts, firstMs, maxMs, windowMs },
    ...(slotMs === undefined ? {} : { slotMs }),
    ...(batchMs === undefined ? {} : { batchMs }),
  };
}
