/** Replaces a plugin whenever its author saves one of its files. @module */
import { basename, dirname, SEPARATOR } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Runtime } from "../runtime.ts";
import type { ReplacedNode } from "./replace_plugin.ts";

/** How long nothing may be written before a change counts, milliseconds: an editor writes more than once. */
const QUIET_MS = 40;

/** What {@linkcode watchPlugins} needs. */
export interface WatchPluginsOptions {
  /** Where they run. */
  readonly runtime: Runtime;
  /** Told about each replacement, and how long it took from the change on, milliseconds. */
  readonly onReplaced: (name: string, nodes: readonly ReplacedNode[], milliseconds: number) => void;
  /** Told why a changed plugin is not taken; the old one goes on. */
  readonly onError: (error: CaissonError) => void;
}

/**
 * Watches the folders of every registered plugin that is not installed. A native plugin with a `build` part is compiled
 * first. Ends when it is disposed of.
 */
export function watchPlugins(options: WatchPluginsOptions): Disposable {
  const watched = options.runtime.plugins.registered
    .filter(({ package: { treeHash } }) => treeHash === undefined)
    .map((plugin) => new WatchedPlugin(plugin, options));
  return {
    [Symbol.dispose]() {
      for (const each of watched) each.end();
    },
  };
}

/** Where the sources of a plugin lie that was built into `dist`; `undefined` for others. */
export function sourceFolder({ package: { folder, manifest } }: RegisteredPlugin): string | undefined {
  return manifest.native !== undefined && basename(folder) === "dist" ? dirname(folder) : undefined;
}

class WatchedPlugin {
  readonly #options: WatchPluginsOptions;
  readonly #name: string;
  /** Where its author writes, and what is written there by the build. */
  readonly #folder: string;
  readonly #built: string | undefined;
  readonly #watcher: Deno.FsWatcher;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since = 0;
  #running: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(plugin: RegisteredPlugin, options: WatchPluginsOptions) {
    const { folder, manifest } = plugin.package;
    this.#options = options;
    this.#name = manifest.name;
    const source = sourceFolder(plugin);
    this.#folder = source ?? folder;
    this.#built = source === undefined ? undefined : folder;
    this.#watcher = Deno.watchFs(this.#folder);
    void this.#listen();
  }

  async #listen(): Promise<void> {
    for await (const { kind, paths } of this.#watcher) {
      if (kind === "access" || paths.every((path) => this.#isNoise(path))) continue;
      if (this.#timer === undefined) this.#since = performance.now();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#running = this.#running.then(() => this.#replace());
      }, QUIET_MS);
    }
  }

  /** What the build writes, and what editors keep beside a file. */
  #isNoise(path: string): boolean {
    if (this.#built !== undefined && (path === this.#built || path.startsWith(this.#built + SEPARATOR))) return true;
    return /^\.|~$|\.sw.$|^\d+$/.test(basename(path));
  }

  async #replace(): Promise<void> {
    if (this.#ended) return;
    const { runtime, onReplaced, onError } = this.#options;
    const since = this.#since;
    try {
      if (this.#built !== undefined) await buildPlugin({ folder: this.#folder });
      const nodes = await runtime.replacePlugin(this.#name);
      onReplaced(this.#name, nodes, performance.now() - since);
    } catch (thrown) {
      onError(
        thrown instanceof CaissonError
          ? thrown
          : new CaissonError("CAISSON_INTERNAL", { subject: this.#name, found: messageOf(thrown), cause: thrown }),
      );
    }
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#watcher.close();
  }
}
