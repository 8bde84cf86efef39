/** The control actor: owns repository and registry, and every life cycle. One message at a time. @module */
import type { AuditLog } from "../permissions/audit_log.ts";
import { type Grants, noGrants, readGrants } from "../permissions/grants.ts";
import { type AppliedGrant, applyGrants } from "./apply_grants.ts";
import { registerFolder } from "./control/register_folder.ts";
import { registerReplacement } from "./control/register_replacement.ts";
import { replaceablePart } from "./control/replaceable_part.ts";
import { type Place, type ReplacedNode, replacePlugin } from "./control/replace_plugin.ts";
import { CaissonError, messageOf } from "./errors/caisson_error.ts";
import { Flow, type StopOptions } from "./flow/flow.ts";
import type { FlowDefinition } from "./flow/flow_definition.ts";
import type { ComponentRequest, LaunchedComponent } from "./flow/node_builder.ts";
import { type InstalledPlaces, installedPlugins } from "./installed_plugins.ts";
import {
  launchBuiltin,
  launchComponent,
  type LaunchComponentOptions,
  type LaunchedPlugin,
} from "./launch_component.ts";
import { discover } from "./manifest/discover.ts";
import { recordRefusals, reportingAudit } from "./record_plugins.ts";
import type { PluginComponent } from "./registered_component.ts";
import type { RegisteredPlugin } from "./registered_plugin.ts";
import { Registry } from "./registry.ts";
import { Repository } from "./repository.ts";
import type { RunningPlugin } from "./running_plugin.ts";
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
  readonly repository: Repository;
  /** Flows that run. */
  readonly registry: Registry = new Registry();
  readonly #options: WorldOptions;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<RunningPlugin>();
  readonly #places = new Set<Place>();
  #nextInstance = 1;
  #stops = 0;

  /** Runs nothing yet. */
  constructor(options: WorldOptions) {
    this.repository = new Repository({ cacheFolder: options.cacheFolder });
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

  /** Checks and registers one plugin folder. @throws {CaissonError} why it is refused */
  register(folder: string): Promise<RegisteredPlugin> {
    return this.#tell(async () => {
      const { grantsFile, audit } = this.#options;
      const grants = grantsFile === undefined ? noGrants() : await readGrants(grantsFile);
      return await registerFolder({ folder, grants, repository: this.repository, audit });
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
    for (const each of this.#places) if (each.flow === flow.name) this.#places.delete(each);
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
    const found = this.repository.find(request.kind, request.type, request.alias);
    const options = this.#launchOptions(request, flow);
    if (found.builtin !== undefined) return { instance: await launchBuiltin(found, options), plugin: "builtin" };
    const launched = await launchComponent(found, options);
    const { instance } = launched;
    const plugin = found.plugin.package.manifest.name;
    const { alias, kind } = request;
    const wrapped = kind === "source" || kind === "sink" || kind === "processor"
      ? replaceablePart({ part: instance.part, stop: launched.stop }, {
        alias,
        onError: (thrown) => this.#options.onError(unexpected(alias, thrown)),
      })
      : undefined;
    if (wrapped === undefined) return { instance, plugin };
    const place: Place = { request, flow, part: wrapped.replaceable, launched };
    this.#places.add(place);
    const supervision = () => place.launched.running.supervision;
    return { instance: { ...instance, part: wrapped.part, supervision }, plugin };
  }

  #launchOptions(request: ComponentRequest, flow: string): LaunchComponentOptions {
    const { audit, cacheFolder, log } = this.#options;
    return {
      request,
      flow,
      instance: this.#nextInstance++,
      log,
      audit,
      cacheFolder,
      running: this.#running,
      verify: ({ plugin }) => this.repository.verifyUnchanged(plugin),
    };
  }

  /**
   * Registers another version of a plugin, and exchanges it wherever it runs. Where it runs nowhere, the next flow gets it.
   *
   * @param folder where the other version is @default {where the plugin was found; of an installed one, what is approved now}
   */
  replacePlugin(name: string, folder?: string): Promise<readonly ReplacedNode[]> {
    return this.#tell(async () => {
      const { grantsFile, installed, audit } = this.#options;
      const old = this.#registered(name);
      const grants = grantsFile === undefined ? noGrants() : await readGrants(grantsFile);
      const { plugin, undo } = await registerReplacement({
        repository: this.repository,
        old,
        folder,
        installed,
        grants,
      });
      const places = [...this.#places].filter(({ launched }) => nameOf(launched) === name);
      const replaced = await replacePlugin({
        plugin,
        from: old.package.manifest.version,
        places,
        find: ({ kind, type, alias }) => {
          const component = type.slice(type.startsWith(`${name}:`) ? name.length + 1 : 0);
          return this.repository.find(kind, `${name}:${component}`, alias) as PluginComponent;
        },
        launch: (component, { request, flow }) => launchComponent(component, this.#launchOptions(request, flow)),
        forget: ({ running }) => this.#running.delete(running),
        audit,
      });
      // Nowhere: then flows to come get what the others have.
      if (replaced.length > 0 && replaced.every(({ outcome }) => outcome === "kept")) undo();
      return replaced;
    });
  }

  /**
   * Takes a plugin out of the repository; `force` stops the flows that use it.
   *
   * @throws {CaissonError} `CAISSON_CONTROL_UNKNOWN`, `CAISSON_PLUGIN_IN_USE`
   */
  removePlugin(name: string, force: boolean): Promise<void> {
    return this.#tell(async () => {
      this.#registered(name);
      const using = [
        ...new Set([...this.#running].filter((each) => nameOf({ running: each }) === name).map(({ flow }) => flow)),
      ];
      if (using.length > 0 && !force) {
        throw new CaissonError("CAISSON_PLUGIN_IN_USE", { subject: name, found: `used by ${using.join(", ")}` });
      }
      await Promise.all(using.map((flow) => this.registry.flow(flow)?.stop()));
      this.repository.remove(name);
      this.#options.audit.write({ kind: "stop", plugin: name, cause: "removed" });
    });
  }

  #registered(name: string): RegisteredPlugin {
    const { registered } = this.repository;
    const found = registered.find((plugin) => plugin.package.manifest.name === name);
    if (found !== undefined) return found;
    const names = registered.map((plugin) => plugin.package.manifest.name);
    throw new CaissonError("CAISSON_CONTROL_UNKNOWN", {
      subject: "plugins",
      found: `no plugin ${name}`,
      allowed: names.length === 0 ? "nothing: none is registered" : names.join(", "),
    });
  }

  /** Stops every flow, the newest first; one that is still starting does not start, and none that waits for its turn. */
  async stop(options: StopOptions = {}): Promise<void> {
    this.#stops++;
    for (const flow of [...this.registry.flows].reverse()) {
      await flow.stop(options);
    }
  }
}

function nameOf({ running }: Pick<LaunchedPlugin, "running">): string {
  return running.plugin.package.manifest.name;
}

function unexpected(subject: string, cause: unknown): CaissonError {
  return cause instanceof CaissonError
    ? cause
    : new CaissonError("CAISSON_INTERNAL", { subject, found: messageOf(cause), cause });
}
