/** Components that flows can use: what was built in, and what plugins passed every check. @module */
import { basename } from "@std/path";
import { hostPlatform } from "../ffi/platform.ts";
import type { Grants, PluginIsolation } from "../permissions/grants.ts";
import { availableIsolations } from "../permissions/isolation.ts";
import { verifyTree } from "../permissions/tree_hash.ts";
import { checkPlugin, grantCode, type OnPassed } from "./check_plugin.ts";
import { CaissonError, messageOf } from "./errors/caisson_error.ts";
import type { ConfigSchema } from "./manifest/config_schema.ts";
import type { Discovery, Refusal } from "./manifest/discover.ts";
import { type HostVersions, hostVersions } from "./manifest/host_versions.ts";
import type { ComponentKind, Manifest, PluginPackage } from "./manifest/manifest.ts";
import { readRefused } from "./manifest/read_json.ts";
import { didYouMean } from "./manifest/schema_issue.ts";
import { verifyUnchanged } from "./manifest/verify_unchanged.ts";
import {
  type BuiltinComponent,
  type BuiltinFactory,
  builtinName,
  componentsOf,
  fullName,
  type RegisteredComponent,
} from "./registered_component.ts";
import type { RegisteredPlugin } from "./registered_plugin.ts";

export type { Refusal } from "./manifest/discover.ts";
export type { BuiltinFactory, PluginComponent, RegisteredComponent } from "./registered_component.ts";
export type { RegisteredPlugin } from "./registered_plugin.ts";

/** What a repository is made for. */
export interface RepositoryOptions {
  /** Versions this host offers. @default {hostVersions} */
  readonly host?: HostVersions;
  /** Isolations this host offers. @default {availableIsolations} */
  readonly isolations?: readonly PluginIsolation[];
  /** Platform native libraries have to be for. @default {the one this runs on} */
  readonly platform?: string;
  /** Cache folder this host uses; no plugin may write there. @default {the platform's} */
  readonly cacheFolder?: string | undefined;
}

/**
 * Components available to flows.
 *
 * Registering checks a plugin and runs nothing of it; running it is the registry's part.
 *
 * @example
 * ```ts
 * import { discover } from "./manifest/discover.ts";
 * import { readGrants } from "../permissions/grants.ts";
 * import { Repository } from "./repository.ts";
 *
 * const repository = new Repository();
 * const grants = await readGrants("caisson.grants.json");
 * await repository.registerAll(await discover({ folders: ["plugins"] }), grants);
 * for (const { folder, error } of repository.refusals) console.error(folder, error.message);
 * ```
 */
export class Repository {
  readonly #host: HostVersions;
  readonly #isolations: readonly PluginIsolation[];
  readonly #platform: string;
  readonly #cacheFolder: string | undefined;
  readonly #builtins: BuiltinComponent[] = [];
  readonly #plugins = new Map<string, RegisteredPlugin>();
  readonly #refusals = new Map<string, Refusal>();
  /** What {@linkcode register} refused, so that {@linkcode refuse} needs no more than the error. */
  readonly #refused = new WeakMap<CaissonError, Manifest>();

  /** Creates an empty repository. */
  constructor(options: RepositoryOptions = {}) {
    this.#host = options.host ?? hostVersions;
    this.#isolations = options.isolations ?? availableIsolations;
    this.#platform = options.platform ?? hostPlatform();
    this.#cacheFolder = options.cacheFolder;
  }

  /** Plugins that passed every check, in the order they came. */
  get registered(): readonly RegisteredPlugin[] {
    return [...this.#plugins.values()];
  }

  /** Plugins that were refused, with the reason. */
  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  /** Every component that can be found, the host's own first. */
  get components(): readonly RegisteredComponent[] {
    return [...this.#builtins, ...this.registered.flatMap(componentsOf)];
  }

  /**
   * Adds a component of the host itself.
   *
   * @param configSchema JSON Schema of its configuration; without one it takes any
   * @throws {CaissonError} `CAISSON_PLUGIN_DUPLICATE`
   */
  registerBuiltin(
    name: string,
    kind: ComponentKind,
    builtin: BuiltinFactory,
    configSchema: ConfigSchema = { type: "object" },
  ): void {
    if (this.#builtins.some((other) => other.kind === kind && other.name === name)) {
      throw new CaissonError("CAISSON_PLUGIN_DUPLICATE", {
        subject: `${builtinName}:${name}`,
        found: `a second builtin ${kind} called ${name}`,
        allowed: "each kind and name once",
        action: "Give it another name.",
      });
    }
    this.#builtins.push({ kind, name, configSchema, builtin });
  }

  /** Registers what was found. A plugin that is refused is listed in `refusals` and never stops the others. */
  async registerAll(discovery: Discovery, grants: Grants): Promise<void> {
    for (const { folder, error, manifest } of discovery.refusals) this.refuse(folder, error, manifest);
    for (const found of discovery.packages) {
      try {
        await this.register(found, grants);
      } catch (error) {
        if (!(error instanceof CaissonError)) throw error;
        this.refuse(found.folder, error);
      }
    }
  }

  /**
   * Checks versions, modules or library, grants and isolation of a plugin, and makes its components available.
   *
   * A plugin that was registered from the same folder before is replaced once the new one has passed.
   *
   * @param onPassed told about each check the plugin passed
   * @throws {CaissonError} the refusal; pass it to {@linkcode refuse} to list it
   */
  async register(found: PluginPackage, grants: Grants, onPassed?: OnPassed): Promise<RegisteredPlugin> {
    const twin = this.#plugins.get(found.manifest.name)?.package;
    if (twin !== undefined && twin.folder !== found.folder) {
      const error = duplicate(found, twin);
      this.#refused.set(error, found.manifest);
      throw error;
    }
    return await this.exchange(found, grants, onPassed);
  }

  /** As {@linkcode register}; a plugin of that name is replaced, from whatever folder it was registered. */
  async exchange(found: PluginPackage, grants: Grants, onPassed?: OnPassed): Promise<RegisteredPlugin> {
    const { name } = found.manifest;
    try {
      const plugin = await checkPlugin(found, grants, {
        host: this.#host,
        isolations: this.#isolations,
        platform: this.#platform,
        cacheFolder: this.#cacheFolder,
      }, onPassed);
      this.#plugins.set(name, plugin);
      this.#refusals.delete(found.folder);
      return plugin;
    } catch (thrown) {
      const error = asCaissonError(thrown, found.folder);
      this.#refused.set(error, found.manifest);
      throw error;
    }
  }

  /** Puts back what was exchanged. */
  restore(plugin: RegisteredPlugin): void {
    this.#plugins.set(plugin.package.manifest.name, plugin);
  }

  /** Takes a plugin out; what runs goes on. */
  remove(name: string): void {
    this.#plugins.delete(name);
  }

  /**
   * Decides anew about every registered plugin, under other grants. Nothing of a plugin is read again.
   *
   * @returns refusals by name of the plugins that are not registered any more
   */
  async regrant(grants: Grants): Promise<ReadonlyMap<string, CaissonError>> {
    const refusals = new Map<string, CaissonError>();
    for (const [name, plugin] of [...this.#plugins]) {
      const { package: found } = plugin;
      try {
        const granted = await grantCode(found, plugin, grants, {
          isolations: this.#isolations,
          cacheFolder: this.#cacheFolder,
        });
        // Where its code runs does not change while it may be running.
        this.#plugins.set(name, { ...plugin, ...granted, isolation: plugin.isolation });
      } catch (thrown) {
        const error = asCaissonError(thrown, found.folder);
        refusals.set(name, error);
        this.#plugins.delete(name);
        this.refuse(found.folder, error, found.manifest);
      }
    }
    return refusals;
  }

  /**
   * Lists a plugin as refused; a later refusal of the same folder replaces it.
   *
   * @param manifest what it would have provided, so that a flow that needs it gets the refusal
   */
  refuse(folder: string, error: CaissonError, manifest: Manifest | undefined = this.#refused.get(error)): void {
    this.#refusals.set(folder, manifest === undefined ? { folder, error } : { folder, error, manifest });
  }

  /**
   * Finds a component.
   *
   * @param kind only of this kind; `undefined` for any
   * @param type component name, or `plugin:component` (`builtin:component`) where a name is not enough
   * @param subject who asks, for the message
   * @throws {CaissonError} `CAISSON_FLOW_COMPONENT` when none or several fit; the plugin's own refusal when the one that
   * provides it was refused
   */
  find(kind: ComponentKind | undefined, type: string, subject: string = type): RegisteredComponent {
    const fitting = this.components.filter((each) => kind === undefined || each.kind === kind);
    const found = fitting.filter((each) => each.name === type || fullName(each) === type);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      throw new CaissonError("CAISSON_FLOW_COMPONENT", {
        subject,
        found: `${found.length} components called ${type}`,
        allowed: found.map((each) => `${fullName(each)} (${each.kind})`).join(", "),
        action: "Write the plugin's name before it, with a colon.",
      });
    }
    const refusal = this.#refusalOf(kind, type);
    if (refusal !== undefined) throw refusal;
    const names = [...new Set(fitting.map((each) => each.name))].sort();
    const meant = didYouMean(type, names);
    const what = kind ?? "component";
    throw new CaissonError("CAISSON_FLOW_COMPONENT", {
      subject,
      found: `no ${what} is called ${type}`,
      allowed: names.length === 0 ? `nothing: no ${what} is registered` : names.join(", "),
      ...(meant === undefined ? {} : { action: `Did you mean "${meant}"?` }),
    });
  }

  #refusalOf(kind: ComponentKind | undefined, type: string): CaissonError | undefined {
    return this.refusals.find(({ manifest }) =>
      manifest?.provides.some((each) =>
        (kind === undefined || each.kind === kind) &&
        (each.name === type || `${manifest.name}:${each.name}` === type)
      )
    )?.error;
  }

  /**
   * Hashes a plugin's manifest and code again; call it right before they are loaded.
   *
   * @throws {CaissonError} `CAISSON_PLUGIN_CHANGED`
   */
  async verifyUnchanged(plugin: RegisteredPlugin): Promise<void> {
    const { folder, manifestFile, manifestSha256, treeHash } = plugin.package;
    // An installed plugin may load what no import names: every file of it has to be what was approved.
    if (treeHash !== undefined) await verifyTree(folder, treeHash);
    await verifyUnchanged([
      { file: manifestFile, sha256: manifestSha256 },
      ...plugin.modules ?? [],
      ...plugin.library === undefined ? [] : [plugin.library],
    ]);
  }
}

/** Nothing a plugin's files do may stop the registration of the others, so every failure becomes a refusal. */
function asCaissonError(thrown: unknown, folder: string): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  if (thrown instanceof Deno.errors.NotCapable) return readRefused(folder, thrown);
  return new CaissonError("CAISSON_INTERNAL", { subject: folder, found: messageOf(thrown), cause: thrown });
}

function duplicate(second: PluginPackage, first: PluginPackage): CaissonError {
  return new CaissonError("CAISSON_PLUGIN_DUPLICATE", {
    subject: second.manifestFile,
    found: `a second plugin called ${second.manifest.name}; the first is ${first.manifestFile}`,
    allowed: "each plugin name once",
    action: `Remove one of the two, or rename the one in ${basename(second.folder)}.`,
  });
}
