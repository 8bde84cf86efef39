/** One running instance of a plugin, as the operator's decisions reach it. @module */
import type { AuditLog } from "../permissions/audit_log.ts";
import type { EffectivePermissions } from "../permissions/effective.ts";
import type { HostedLink } from "./connector/contract.ts";
import { type SupervisionEvent, SupervisionLog, type SupervisionReport } from "./connector/supervision.ts";
import type { CaissonError } from "./errors/caisson_error.ts";
import { recordDenial, recordFault } from "./record_plugins.ts";
import type { RegisteredPlugin } from "./registered_plugin.ts";

/** What a {@linkcode RunningPlugin} is made of. */
export interface RunningPluginOptions {
  /** The plugin. */
  readonly plugin: RegisteredPlugin;
  /** Number of the instance in this process. */
  readonly instance: number;
  /** `flow/node`. */
  readonly connector: string;
  /** Name of the flow. */
  readonly flow: string;
  /** Where faults are recorded. */
  readonly audit: AuditLog;
}

/** Knows what an instance may touch now, and ends what was started with more. */
export class RunningPlugin {
  /** The plugin. */
  readonly plugin: RegisteredPlugin;
  /** Number of the instance in this process. */
  readonly instance: number;
  /** `flow/node`. */
  readonly connector: string;
  /** Name of the flow. */
  readonly flow: string;
  readonly #audit: AuditLog;
  readonly #links = new Set<HostedLink>();
  #permissions: EffectivePermissions;
  readonly #supervision = new SupervisionLog();
  #revoked: CaissonError | undefined;
  #started = 0;
  /** Counts changes of the permissions, with the reason of the last one. */
  #version = 0;
  #reason: CaissonError | undefined;
  /** The oldest version that was handed out for the start that is under way. */
  #handedOut = Infinity;

  /** Nothing runs yet. */
  constructor({ plugin, instance, connector, flow, audit }: RunningPluginOptions) {
    this.plugin = plugin;
    this.instance = instance;
    this.connector = connector;
    this.flow = flow;
    this.#audit = audit;
    this.#permissions = permissionsIn(plugin, flow);
  }

  /** What it may touch now. */
  get permissions(): EffectivePermissions {
    return this.#permissions;
  }

  /** What it may touch, for a start that is under way: a change before the start is over is noticed. */
  permissionsForStart(): EffectivePermissions {
    this.#handedOut = Math.min(this.#handedOut, this.#version);
    return this.#permissions;
  }

  /** Takes the Worker or process that was started for it, before any of the plugin's code is loaded there. */
  hosted(link: HostedLink): void {
    this.#started += 1;
    if (this.#started > 1) {
      const { instance, connector } = this;
      const plugin = this.plugin.package.manifest.name;
      this.#audit.write({
        kind: "restart",
        plugin,
        instance,
        connector,
        cause: `start ${this.#started} of this instance`,
      });
    }
    this.#links.add(link);
    link.onFailed((error) => {
      this.#links.delete(link);
      recordFault(this.#audit, this, error);
    });
    link.onDenied((error) => recordDenial(this.#audit, this, error));
    const stale = this.#handedOut < this.#version;
    this.#handedOut = Infinity;
    if (this.#revoked !== undefined) link.fail(this.#revoked);
    else if (stale) link.fail(this.#reason!);
  }

  /** Takes note of what was decided about its process. */
  supervised(event: SupervisionEvent): void {
    this.#supervision.note(event);
    const { instance, connector } = this;
    const plugin = this.plugin.package.manifest.name;
    if (event.kind === "quarantine") {
      const { code, found: cause } = event.error;
      this.#audit.write({ kind: "quarantine", plugin, instance, connector, code, cause });
    } else if (event.kind === "leak") {
      this.#audit.write({ kind: "leak", plugin, instance, connector, cause: event.found });
    }
  }

  /** What was decided about its process; `undefined` when nothing had to be. */
  get supervision(): SupervisionReport | undefined {
    return this.#supervision.report;
  }

  /** Gives it other permissions: what runs with the old ones is ended at once, and may be started again with these. */
  narrow(permissions: EffectivePermissions, reason: CaissonError): void {
    this.#permissions = permissions;
    this.#version += 1;
    this.#reason = reason;
    this.#end(reason);
  }

  /** Ends it, and whatever is started for it from now on. */
  revoke(reason: CaissonError): void {
    this.#revoked = reason;
    this.#end(reason);
  }

  #end(reason: CaissonError): void {
    for (const link of [...this.#links]) link.fail(reason);
  }
}

/** What a plugin may touch in a flow. */
export function permissionsIn(plugin: RegisteredPlugin, flow: string): EffectivePermissions {
  return plugin.flowPermissions.get(flow) ?? plugin.permissions;
}
