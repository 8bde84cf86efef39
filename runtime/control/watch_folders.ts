/** Registers, replaces and removes plugins as their folders appear, change and go. @module */
import { basename, dirname, join, relative } from "@std/path";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { manifestName } from "../manifest/parse_manifest.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Runtime } from "../runtime.ts";

/** How often is looked, milliseconds. A change counts when two looks in a row see the same: whoever copies is done. */
const LOOK_MS = 250;
/** Files of one plugin that are looked at; what changes beyond goes unseen. */
const MOST_FILES = 2_000;

/** Something the watch did. */
export interface FolderChange {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Its version; of one that was removed, the version it had. */
  readonly version: string;
  /** What was done. */
  readonly outcome: "registered" | "replaced" | "removed";
}

/** What {@linkcode watchFolders} needs. */
export interface WatchFoldersOptions {
  /** Where the plugins are registered. */
  readonly runtime: Runtime;
  /** Folders whose subfolders are plugins. */
  readonly folders: readonly string[];
  /** Told about everything that was done. */
  readonly onChange: (change: FolderChange) => void;
  /** Told why a plugin is not taken, or not removed. A refused one is tried again when it changes. */
  readonly onError: (error: CaissonError) => void;
}

/** A plugin folder as it was when something was last done about it. */
interface Known {
  readonly state: string;
  /** Name under which it is registered; `undefined` for one that is refused. */
  readonly plugin: string | undefined;
  readonly version: string;
}

/**
 * Watches folders of plugins: a plugin that appears is registered, one that changes is replaced in every flow, one whose folder
 * goes is removed as soon as no flow uses it. Everything is checked as at the start, and recorded in the audit log.
 *
 * It looks, rather than asks the system to be told: folders are mounted, replaced by links and moved, and a watch follows none
 * of that.
 */
export function watchFolders(options: WatchFoldersOptions): AsyncDisposable {
  const watch = new FolderWatch(options);
  return { [Symbol.asyncDispose]: () => watch.end() };
}

class FolderWatch {
  readonly #options: WatchFoldersOptions;
  readonly #known = new Map<string, Known>();
  readonly #seen = new Map<string, string>();
  /** Folders that are gone, of plugins that are used: that was said. */
  readonly #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #looking: Promise<void>;

  constructor(options: WatchFoldersOptions) {
    this.#options = options;
    for (const plugin of options.runtime.plugins.registered) this.#remember(plugin);
    this.#looking = this.#look();
  }

  /** What was registered from here before the watch began; its state is that of the first look. */
  #remember(plugin: RegisteredPlugin): void {
    const { folder, manifest: { name, version }, treeHash } = plugin.package;
    if (treeHash !== undefined) return;
    this.#known.set(packageFolder(folder), { state: "", plugin: name, version });
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const there = new Map<string, string>();
    for (const folder of this.#options.folders) {
      try {
        for (const [path, state] of await pluginStates(folder)) there.set(path, state);
      } catch (thrown) {
        // A folder that cannot be read for a moment, as while it is replaced, must not remove every plugin.
        if (this.#seen.get(folder) !== String(thrown)) this.#options.onError(asError(folder, thrown));
        this.#seen.set(folder, String(thrown));
        return this.#again();
      }
      this.#seen.delete(folder);
    }
    for (const [path, state] of there) {
      const settled = this.#seen.get(path) === state;
      this.#seen.set(path, state);
      const known = this.#known.get(path);
      if (known?.state === "") this.#known.set(path, { ...known, state });
      else if (settled && known?.state !== state && !this.#ended) await this.#take(path, state, known);
    }
    for (const [path, known] of this.#known) {
      const watched = this.#options.folders.some((folder) => dirname(path) === folder);
      if (watched && !there.has(path) && !this.#ended) await this.#drop(path, known);
    }
    this.#again();
  }

  #again(): void {
    if (!this.#ended) this.#timer = setTimeout(() => this.#looking = this.#look(), LOOK_MS);
  }

  async #take(path: string, state: string, known: Known | undefined): Promise<void> {
    const { runtime, onChange, onError } = this.#options;
    this.#waiting.delete(path);
    try {
      if (known?.plugin === undefined) {
        const { name: plugin, version } = (await runtime.registerPlugin(path)).package.manifest;
        this.#known.set(path, { state, plugin, version });
        return onChange({ plugin, version, outcome: "registered" });
      }
      const { plugin } = known;
      const nodes = await runtime.replacePlugin(plugin);
      const kept = nodes.filter(({ outcome }) => outcome === "kept");
      for (const { connector, reason = "" } of kept) onError(notReplaced(connector, reason));
      const version = versionOf(runtime, plugin) ?? known.version;
      this.#known.set(path, { state, plugin, version });
      if (nodes.length === 0 || kept.length < nodes.length) onChange({ plugin, version, outcome: "replaced" });
    } catch (thrown) {
      this.#known.set(path, { state, plugin: known?.plugin, version: known?.version ?? "" });
      onError(asError(path, thrown));
    }
  }

  async #drop(path: string, { plugin, version }: Known): Promise<void> {
    const { runtime, onChange, onError } = this.#options;
    try {
      if (plugin !== undefined && versionOf(runtime, plugin) !== undefined) {
        await runtime.removePlugin(plugin);
        onChange({ plugin, version, outcome: "removed" });
      }
    } catch (thrown) {
      // What runs goes on, from what it has loaded; it is tried again until no flow uses it.
      if (thrown instanceof CaissonError && thrown.code === "CAISSON_PLUGIN_IN_USE") {
        if (!this.#waiting.has(path)) onError(thrown);
        this.#waiting.add(path);
        return;
      }
      onError(asError(path, thrown));
    }
    this.#known.delete(path);
    this.#seen.delete(path);
    this.#waiting.delete(path);
  }
}

/** Where the plugin of a package lies: what is built lies one folder below. */
function packageFolder(folder: string): string {
  return basename(folder) === "dist" ? dirname(folder) : folder;
}

function versionOf({ plugins }: Runtime, name: string): string | undefined {
  return plugins.registered.find((each) => each.package.manifest.name === name)?.package.manifest.version;
}

function notReplaced(connector: string, reason: string): CaissonError {
  return new CaissonError("CAISSON_REPLACE_FAILED", { subject: connector, found: reason });
}

function asError(subject: string, thrown: unknown): CaissonError {
  if (thrown instanceof CaissonError) return thrown;
  return new CaissonError("CAISSON_INTERNAL", { subject, found: messageOf(thrown), cause: thrown });
}

/** Every plugin folder in `folder`, and a text that changes with it. */
async function pluginStates(folder: string): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile || name.startsWith(".")) continue;
    const path = join(folder, name);
    const built = await stateOf(join(path, "dist"));
    // Of a plugin that is built, what was built counts, and not what its author writes meanwhile.
    const state = built ?? await stateOf(path);
    if (state !== undefined) states.set(path, state);
  }
  return states;
}

/** Names, sizes and times of a plugin's files; `undefined` without a manifest. */
async function stateOf(folder: string): Promise<string | undefined> {
  const lines: string[] = [];
  const visit = async (at: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(at)) {
      if (lines.length >= MOST_FILES || name.startsWith(".") || name === "node_modules") continue;
      const path = join(at, name);
      if (isDirectory) await visit(path);
      else {
        const { size, mtime, ino } = await Deno.lstat(path);
        lines.push(`${relative(folder, path)} ${size} ${ino} ${mtime?.getTime()}`);
      }
    }
  };
  try {
    const manifest = await Deno.lstat(join(folder, manifestName));
    if (!manifest.isFile) return undefined;
    await visit(folder);
  } catch (thrown) {
    // It goes while we look: the next look sees what became of it.
    if (thrown instanceof Deno.errors.NotFound || thrown instanceof Deno.errors.NotADirectory) return undefined;
    throw thrown;
  }
  return lines.sort().join("\n");
}
