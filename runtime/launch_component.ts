/** Brings one component to life for a flow, and records that it was. @module */
import type { AuditLog } from "../permissions/audit_log.ts";
import type { ComponentInstance, PartContext } from "./connector/contract.ts";
import type { ComponentRequest } from "./flow/node_builder.ts";
import { launchPlugin } from "./isolation/launch.ts";
import { checkConfig } from "./manifest/check_config.ts";
import { recordFault, recordLoad } from "./record_plugins.ts";
import type { PluginComponent, RegisteredComponent } from "./registered_component.ts";
import { RunningPlugin } from "./running_plugin.ts";
import type { Logger } from "./telemetry/log.ts";

/** What {@linkcode launchComponent} needs besides the component. */
export interface LaunchComponentOptions {
  /** What the flow asked for. */
  readonly request: ComponentRequest;
  /** Name of the flow. */
  readonly flow: string;
  /** Number of the instance. */
  readonly instance: number;
  /** The host's log. */
  readonly log: Logger;
  /** What plugins do is recorded here. */
  readonly audit: AuditLog;
  /** Where private copies of libraries go. */
  readonly cacheFolder: string | undefined;
  /** What runs; the instance is entered before any of its code does. */
  readonly running: Set<RunningPlugin>;
  /** Checks that the plugin's files are what was approved. */
  readonly verify: (component: PluginComponent) => Promise<void>;
}

/** A plugin's component that was brought to life. */
export interface LaunchedPlugin {
  /** The instance. */
  readonly instance: ComponentInstance;
  /** The instance as operators' decisions reach it. */
  readonly running: RunningPlugin;
  /** Ends its reading, as the end of its flow would; what it says about its connection is not heard any more. */
  readonly stop: () => void;
}

/** An instance of the host's own component. */
export async function launchBuiltin(
  found: Exclude<RegisteredComponent, PluginComponent>,
  options: LaunchComponentOptions,
): Promise<ComponentInstance> {
  const part = await found.builtin(contextOf(found, options, options.request.signal, undefined));
  return { isolation: "builtin", level: "none", part };
}

/** An instance of a plugin's component; the first moment any of its code runs. @throws {CaissonError} what `launchPlugin` throws */
export async function launchComponent(
  found: PluginComponent,
  options: LaunchComponentOptions,
): Promise<LaunchedPlugin> {
  const { request, flow, instance: number, audit, cacheFolder } = options;
  const own = new AbortController();
  const running = new RunningPlugin({ plugin: found.plugin, instance: number, connector: request.alias, flow, audit });
  const context = contextOf(found, options, AbortSignal.any([request.signal, own.signal]), running, own.signal);
  options.running.add(running);
  try {
    const verify = () => options.verify(found);
    await verify();
    const launched = await launchPlugin({
      plugin: found.plugin,
      verify,
      permissions: () => running.permissionsForStart(),
      provision: found.provision,
      context,
      codec: request.codec,
      supervision: request.supervision,
      cacheFolder,
    });
    recordLoad(audit, running, launched, running.permissions);
    const instance = { ...launched, supervision: () => running.supervision };
    return { instance, running, stop: () => own.abort() };
  } catch (error) {
    options.running.delete(running);
    recordFault(audit, running, error);
    throw error;
  }
}

function contextOf(
  found: RegisteredComponent,
  { request, instance, log }: LaunchComponentOptions,
  signal: AbortSignal,
  running: RunningPlugin | undefined,
  retired?: AbortSignal,
): PartContext {
  const { alias, shared, direction, flow } = request;
  return {
    alias,
    instance,
    config: checkConfig(found.configSchema, request.config, `${alias}: config`),
    signal,
    ...(shared === undefined ? {} : { shared }),
    // A plugin must not learn of, or end, what it is only part of.
    ...(running !== undefined || flow === undefined ? {} : { flow }),
    direction,
    log: (level, message) => log.write(level, message, { connector: alias }),
    connectionLost: (reason) => {
      if (retired?.aborted !== true) request.connectionLost?.(reason);
    },
    hosted: (link) => running?.hosted(link),
    supervised: (event) => running?.supervised(event),
  };
}
