/** The control actor: owns repository and registry, and every life cycle. One message at a time. @module */
import { type Grants, noGrants, readGrants } from "../permissions/grants.ts";
import type { ComponentInstance, PartContext } from "./connector/contract.ts";
import { CaissonError, messageOf } from "./errors/caisson_error.ts";
import { Flow, type StopOptions } from "./flow/flow.ts";
import type { FlowDefinition } from "./flow/flow_definition.ts";
import type { ComponentRequest, LaunchedComponent } from "./flow/node_builder.ts";
import { launchPlugin } from "./isolation/launch.ts";
import { checkConfig } from "./manifest/check_config.ts";
import { discover } from "./manifest/discover.ts";
import { Registry } from "./registry.ts";
import { Repository } from "./repository.ts";
import type { Logger } from "./telemetry/log.ts";

/** What a {@linkcode World} needs. */
export interface WorldOptions {
  /** Folders whose subfolders are plugins. */
  readonly pluginFolders: readonly string[];
  /** Plugin folders. */
  readonly plugins: readonly string[];
  /** The grant file. */
  readonly grantsFile: string | undefined;
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
  #nextInstance = 1;
  #stops = 0;

  /** Runs nothing yet. */
  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** One message at a time: a deploy never sees half a registration. */
  #tell<T>(message: () => Promise<T>): Promise<T> {
    const answer = this.#turn.then(message);
    this.#turn = answer.catch(() => {});
    return answer;
  }

  /** Finds plugins, checks and registers them. A broken one is refused and never stops the others. */
  discover(): Promise<void> {
    return this.#tell(async () => {
      const { pluginFolders, plugins, grantsFile } = this.#options;
      const grants: Grants = grantsFile === undefined ? noGrants() : await readGrants(grantsFile);
      await this.repository.registerAll(await discover({ folders: pluginFolders, plugins }), grants);
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
        onError: this.#options.onError,
      });
      this.registry.enter(flow);
      try {
        await flow.start();
      } catch (error) {
        this.registry.leave(flow);
        throw error;
      }
      flow.done.finally(() => this.registry.leave(flow)).catch((error) =>
        this.#options.onError(
          new CaissonError("CAISSON_INTERNAL", {
            subject: flow.name,
            found: messageOf(error),
            cause: error,
          }),
        )
      );
      return flow;
    });
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
    const context: PartContext = {
      alias: request.alias,
      instance: this.#nextInstance++,
      config,
      signal: request.signal,
      log: (level, message) => this.#options.log.write(level, message, { connector: request.alias }),
    };
    if (found.builtin !== undefined) {
      const instance: ComponentInstance = {
        isolation: "builtin",
        level: "none",
        part: await found.builtin(context),
      };
      return { instance, plugin: "builtin" };
    }
    await this.repository.verifyUnchanged(found.plugin);
    const instance = await launchPlugin({
      plugin: found.plugin,
      flow,
      provision: found.provision,
      context,
      codec: request.codec,
      cacheFolder: this.#options.cacheFolder,
    });
    return { instance, plugin: found.plugin.package.manifest.name };
  }

  /** Stops every flow, the newest first; one that is still starting does not start, and none that waits for its turn. */
  async stop(options: StopOptions = {}): Promise<void> {
    this.#stops++;
    for (const flow of [...this.registry.flows].reverse()) {
      await flow.stop(options);
    }
  }
}
