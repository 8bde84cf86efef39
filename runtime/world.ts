/** The control actor: owns repository and registry, and every life cycle. One message at a time. @module */
import type { AuditLog } from "../permissions/audit_log.ts";
import { type Grants, noGrants, readGrants } from "../permissions/grants.ts";
import type { ComponentInstance, PartContext } from "./connector/contract.ts";
import { type AppliedGrant, applyGrants } from "./apply_grants.ts";
import { CaissonError, messageOf } from "./errors/caisson_error.ts";
import { Flow, type StopOptions } from "./flow/flow.ts";
import type { FlowDefinition } from "./flow/flow_definition.ts";
import type { ComponentRequest, LaunchedComponent } from "./flow/node_builder.ts";
import { type InstalledPlaces, installedPlugins } from "./installed_plugins.ts";
import { launchPlugin } from "./isolation/launch.ts";
import { checkConfig } from "./manifest/check_config.ts";
import { discover } from "./manifest/discover.ts";
import { recordFault, recordLoad, recordRefusals, reportingAudit } from "./record_plugins.ts";
import { Registry } from "./registry.ts";
import { Repository } from "./repository.ts";
import { RunningPlugin } from "./running_plugin.ts";
import type { Logger } from "./telemetry/log.ts";

/** Plugin that does filters and projections natively. */
const KERNEL_PLUGIN = "@caisson/json-kernel";

/** What a {@linkcode World} needs. */
export interface WorldOptions {
  /** Folders whose subfolders are plugins. */
  readonly pluginFolders: readonly string[];
  /** Plugin folders. */
  readonly plugins: readonly string[];
  /** The grant file. */
  readonly grantsFile: string | undefined;
  /** Lock and store of installed plugins. */
  readonly installed: InstalledPlaces | undefined;
  /** What plugins do, and what is done to them, is recorded here. */
  readonly audit: AuditLog;
  /** Where private copies of libraries go. */
  readonly cacheFolder: string | undefined;
  /** Told about everything that goes wrong while flows run. */
  readonly onError: (error: CaissonError) => void;
  /** The host's log. */
  readonly log: Logger;
}

/** Owns what is available and what runs. */
export class World {
  /** Components that are available. */
  readonly repository: Repository = new Repository();
  /** Flows that run. */
  readonly registry: Registry = new Registry();
  readonly #options: WorldOptions;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<RunningPlugin>();
  #nextInstance = 1;
  #stops = 0;

  /** Runs nothing yet. */
  constructor(options: WorldOptions) {
    // What runs must not end because it cannot be recorded; that it could not is said.
    this.#options = { ...options, audit: reportingAudit(options.audit, options.onError) };
  }

  /** One message at a time: a deploy never sees half a registration. */
  #tell<T>(message: () => Promise<T>): Promise<T> {
    const answer = this.#turn.then(message);
    this.#turn = answer.catch(() => {});
    return answer;
  }

  /** Finds plugins, checks and registers them. A broken one is refused and never stops the others. */
  discover(also: readonly string[] = []): Promise<void> {
    return this.#tell(async () => {
      const { pluginFolders, grantsFile, installed } = this.#options;
      const plugins = [...this.#options.plugins, ...also];
      const grants: Grants = grantsFile === undefined ? noGrants() : await readGrants(grantsFile);
      if (installed !== undefined) await this.repository.registerAll(await installedPlugins(installed), grants);
      await this.repository.registerAll(await discover({ folders: pluginFolders, plugins }), grants);
      recordRefusals(this.#options.audit, this.repository.refusals);
    });
  }

  /**
   * Reads the grants again and makes what runs follow them. It does not wait for its turn: a flow that takes long to start
   * must not keep a permission that is taken back.
   */
  async applyGrants(): Promise<readonly AppliedGrant[]> {
    const { grantsFile, audit, onError } = this.#options;
    return await applyGrants({
      grants: grantsFile === undefined ? noGrants() : await readGrants(grantsFile),
      repository: this.repository,
      running: [...this.#running],
      stopFlow: (name) => {
        const flow = this.registry.flow(name);
        flow?.stop({ deadlineMs: 0 }).catch((error) => onError(unexpected(name, error)));
      },
      audit,
    });
  }

  /** Starts a flow; it leaves the registry when it has ended. */
  deploy(definition: FlowDefinition): Promise<Flow> {
    const stops = this.#stops;
    return this.#tell(async () => {
      if (this.#stops > stops) {
        throw new CaissonError("CAISSON_FLOW_STATE", {
          subject: definition.name,
          found: "a runtime that was stopped before the flow started",
        });
      }
      const flow = new Flow({
        definition,
        launch: (request) => this.#launch(request, definition.name),
        kernel: this.#kernel(),
        onError: this.#options.onError,
      });
      this.registry.enter(flow);
      try {
        await flow.start();
      } catch (error) {
        this.#left(flow);
        throw error;
      }
      flow.done.finally(() => this.#left(flow)).catch((error) => this.#options.onError(unexpected(flow.name, error)));
      return flow;
    });
  }

  #left(flow: Flow): void {
    this.registry.leave(flow);
    for (const each of this.#running) if (each.flow === flow.name) this.#running.delete(each);
  }

  /** The native kernel for expressions, where the operator lets it run in this process. */
  #kernel(): string | undefined {
    const isKernel = this.repository.registered.some(({ package: { manifest }, isolation }) =>
      manifest.name === KERNEL_PLUGIN && isolation === "native"
    );
    return isKernel ? `${KERNEL_PLUGIN}:json_kernel` : undefined;
  }

  async #launch(request: ComponentRequest, flow: string): Promise<LaunchedComponent> {
    const found = this.repository.find(
      request.kind,
      request.type,
      request.alias,
    );
    const config = checkConfig(
      found.configSchema,
      request.config,
      `${request.alias}: config`,
    );
    const { audit } = this.#options;
    const instance = this.#nextInstance++;
    const running = found.plugin === undefined
      ? undefined
      : new RunningPlugin({ plugin: found.plugin, instance, connector: request.alias, flow, audit });
    const context: PartContext = {
      alias: request.alias,
      instance,
      config,
      signal: request.signal,
      ...(request.shared === undefined ? {} : { shared: request.shared }),
      direction: request.direction,
      log: (level, message) => this.#options.log.write(level, message, { connector: request.alias }),
      connectionLost: (reason) => request.connectionLost?.(reason),
      hosted: (link) => running?.hosted(link),
    };
    if (found.builtin !== undefined) {
      const builtin: ComponentInstance = {
        isolation: "builtin",
        level: "none",
        part: await found.builtin(context),
      };
      return { instance: builtin, plugin: "builtin" };
    }
    this.#running.add(running!);
    try {
      const verify = () => this.repository.verifyUnchanged(found.plugin);
      await verify();
      const launched = await launchPlugin({
        plugin: found.plugin,
        verify,
        permissions: () => running!.permissionsForStart(),
        provision: found.provision,
        context,
        codec: request.codec,
        cacheFolder: this.#options.cacheFolder,
      });
      recordLoad(audit, running!, launched, running!.permissions);
      return { instance: launched, plugin: found.plugin.package.manifest.name };
    } catch (error) {
      this.#running.delete(running!);
      recordFault(audit, running!, error);
      throw error;
    }
  }

  /** Stops every flow, the newest first; one that is still starting does not start, and none that waits for its turn. */
  async stop(options: StopOptions = {}): Promise<void> {
    this.#stops++;
    for (const flow of [...this.registry.flows].reverse()) {
      await flow.stop(options);
    }
  }
}

function unexpected(subject: string, cause: unknown): CaissonError {
  return cause instanceof CaissonError
    ? cause
    : new CaissonError("CAISSON_INTERNAL", { subject, found: messageOf(cause), cause });
}
