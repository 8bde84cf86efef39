/** What a host program embeds. @module */
import { type AuditLog, noAuditLog } from "../permissions/audit_log.ts";
import type { AppliedGrant } from "./apply_grants.ts";
import type { PartContext, ProcessorPart, SinkPart, SourcePart } from "./connector/contract.ts";
import { builtins } from "./connector/builtin/builtins.ts";
import type { ReplacedNode } from "./control/replace_plugin.ts";
import type { CaissonError } from "./errors/caisson_error.ts";
import { throwErrors } from "./errors/report.ts";
import type { Flow, StopOptions } from "./flow/flow.ts";
import type { FlowDefinition } from "./flow/flow_definition.ts";
import { flowProblems } from "./flow/flow_problems.ts";
import { parseFlow } from "./flow/flow_schema.ts";
import { loadFlow } from "./flow/load_flow.ts";
import type { InstalledPlaces } from "./installed_plugins.ts";
import type { Refusal, RegisteredPlugin } from "./repository.ts";
import { createLogger, type Logger } from "./telemetry/log.ts";
import { World } from "./world.ts";

/** How a {@linkcode Runtime} is set up. */
export interface RuntimeOptions {
  /** Folders whose subfolders are plugins. @default {[]} */
  readonly pluginFolders?: readonly string[];
  /** Plugin folders. @default {[]} */
  readonly plugins?: readonly string[];
  /** The operator's grant file; without one nothing is granted. */
  readonly grants?: string;
  /** Lock and store of installed plugins; without them only `pluginFolders` and `plugins` are looked at. */
  readonly installed?: InstalledPlaces;
  /** Where it is recorded what plugins do and what is done to them. @default {nowhere} */
  readonly audit?: AuditLog;
  /** Where private copies of native libraries go. @default {the user's cache folder} */
  readonly cacheFolder?: string;
  /** Told about everything that goes wrong while flows run. @default {a line in the log} */
  readonly onError?: (error: CaissonError) => void;
  /** The host's log. @default {NDJSON on stderr, warnings and errors} */
  readonly log?: Logger;
}

/** A component the host program brings itself. */
export type HostComponent =
  & {
    /** Name flows use as `type`. */
    readonly type: string;
    /** JSON Schema of its configuration. @default {it takes none} */
    readonly configSchema?: Readonly<Record<string, unknown>>;
  }
  & (
    | { readonly kind: "source"; create(context: PartContext): SourcePart | Promise<SourcePart> }
    | { readonly kind: "sink"; create(context: PartContext): SinkPart | Promise<SinkPart> }
    | { readonly kind: "processor"; create(context: PartContext): ProcessorPart | Promise<ProcessorPart> }
  );

/** What discovery found. */
export interface Discovery {
  /** Plugins that were checked and may be launched. */
  readonly registered: readonly RegisteredPlugin[];
  /** Plugins that were refused, and why. */
  readonly refused: readonly Refusal[];
}

/**
 * A Caisson runtime: plugins are discovered and registered, flows are deployed, run and stopped.
 *
 * @example Running a flow inside a program
 * ```ts
 * import { Runtime, fromAsyncIterable, toAsyncIterable } from "@caisson/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const results = toAsyncIterable<{ n: number }>();
 * await using runtime = new Runtime();
 * runtime.provide({ type: "numbers", kind: "source", create: () => fromAsyncIterable([{ n: 1 }, { n: 2 }, { n: 3 }]) });
 * runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
 *
 * const flow = await runtime.deploy({
 *   name: "odd",
 *   connectors: { input: { type: "numbers" }, output: { type: "results" } },
 *   pipelines: { odd: [{ filter: ["==", ["%", ["field", "n"], 2], 1] }] },
 *   links: [{ from: "input", to: "odd" }, { from: "odd", to: "output" }],
 * });
 * assertEquals(await Array.fromAsync(results), [{ n: 1 }, { n: 3 }]);
 * await flow.done;
 * assertEquals(flow.report().dropped, 1);
 * ```
 */
export class Runtime implements AsyncDisposable {
  readonly #world: World;

  /** Sets up a runtime; nothing is read or run yet. */
  constructor(options: RuntimeOptions = {}) {
    const log = options.log ?? createLogger();
    this.#world = new World({
      pluginFolders: options.pluginFolders ?? [],
      plugins: options.plugins ?? [],
      grantsFile: options.grants,
      installed: options.installed,
      audit: options.audit ?? noAuditLog,
      cacheFolder: options.cacheFolder,
      onError: options.onError ??
        ((error) => log.write("error", error.message, { code: error.code })),
      log,
    });
    for (const { type, kind, configSchema, create } of builtins) {
      this.#world.repository.registerBuiltin(type, kind, create, configSchema);
    }
  }

  /**
   * Adds a component written in the host program itself. It runs in the host and is trusted like it.
   *
   * @throws {CaissonError} `CAISSON_PLUGIN_DUPLICATE`
   */
  provide(component: HostComponent): void {
    const { type, kind } = component;
    this.#world.repository.registerBuiltin(type, kind, async (context) => {
      switch (component.kind) {
        case "source":
          return { kind: "source", source: await component.create(context) };
        case "sink":
          return { kind: "sink", sink: await component.create(context) };
        case "processor":
          return {
            kind: "processor",
            processor: await component.create(context),
          };
      }
    });
  }

  /**
   * Reads, checks and registers the configured plugins; no code of theirs runs. May be called again while flows run: what
   * is new is registered, and what has changed is what the next flow gets.
   *
   * @param also looked at besides: folders of plugins
   * @throws {CaissonError} `CAISSON_GRANT_INVALID` or `CAISSON_GRANT_UNREADABLE`; a broken plugin is refused instead
   */
  async discover(also: { readonly plugins?: readonly string[] } = {}): Promise<Discovery> {
    await this.#world.discover(also.plugins);
    return this.plugins;
  }

  /**
   * Reads, checks and registers the plugin in one folder; no code of it runs. Flows that are deployed from now on can use it.
   *
   * @throws {CaissonError} why it is refused; then it is among the refused {@linkcode Runtime.plugins}, too
   */
  async registerPlugin(folder: string): Promise<RegisteredPlugin> {
    return await this.#world.register(folder);
  }

  /** Plugins that are registered now, and those that were refused. */
  get plugins(): Discovery {
    return { registered: this.#world.repository.registered, refused: this.#world.repository.refusals };
  }

  /**
   * Checks a flow, launches its components and starts it. What is wrong in the flow itself is told all at once:
   * {@linkcode errorsIn} gives every error that the one thrown stands for.
   *
   * @throws {CaissonError} `CAISSON_FLOW_…`, `CAISSON_CONFIG_INVALID`, `CAISSON_CONNECT_FAILED` and what isolations throw
   */
  async deploy(flow: FlowDefinition): Promise<Flow> {
    const label = flow.name ?? "flow";
    throwErrors(flowProblems(flow, label));
    return await this.#world.deploy(parseFlow(flow, label));
  }

  /**
   * Loads a flow file, `.json` or a module, and deploys it; {@linkcode errorsIn} as for {@linkcode Runtime.deploy}.
   *
   * @throws {CaissonError} `CAISSON_FLOW_NOT_FOUND`, `CAISSON_FLOW_SYNTAX`, `CAISSON_HOST_PERMISSION`, and what `deploy` throws
   */
  async deployFile(path: string): Promise<Flow> {
    return await this.#world.deploy(await loadFlow(path));
  }

  /**
   * Reads the grant file again, and makes what runs follow it: an instance in a process of its own is ended and started again
   * with the new permissions, one in the host process is stopped together with its flow.
   *
   * @throws {CaissonError} `CAISSON_GRANT_INVALID` or `CAISSON_GRANT_UNREADABLE`; then nothing changes
   */
  async applyGrants(): Promise<readonly AppliedGrant[]> {
    return await this.#world.applyGrants();
  }

  /**
   * Replaces a plugin by another version of itself while flows run: the new instances are started and connected first, then
   * the old ones end what they have begun and the new ones go on. No event is lost, and none overtakes another.
   *
   * @param options.folder where the other version is @default {where the plugin was found; of an installed one, what is approved}
   * @returns what became of each node that uses it; where the exchange failed the old version goes on
   * @throws {CaissonError} `CAISSON_CONTROL_UNKNOWN`, `CAISSON_REPLACE_FAILED`, or why the new version is refused
   */
  async replacePlugin(name: string, options: { readonly folder?: string } = {}): Promise<readonly ReplacedNode[]> {
    return await this.#world.replacePlugin(name, options.folder);
  }

  /**
   * Takes a plugin out of what flows can use.
   *
   * @param options.force stops the flows that use it @default {false}
   * @throws {CaissonError} `CAISSON_CONTROL_UNKNOWN`, `CAISSON_PLUGIN_IN_USE`
   */
  async removePlugin(name: string, options: { readonly force?: boolean } = {}): Promise<void> {
    await this.#world.removePlugin(name, options.force === true);
  }

  /** Flows that run. */
  get flows(): readonly Flow[] {
    return this.#world.registry.flows;
  }

  /** Stops every flow; one that is still starting does not start, and its deploy is rejected. */
  async stop(options: StopOptions = {}): Promise<void> {
    await this.#world.stop(options);
  }

  /** Stops every flow. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
