/** Where the plugins and grants of a command come from. @module */
import { dirname, join, resolve } from "@std/path";
import { grantsName } from "../../permissions/grants.ts";
import { lockFileOf } from "../../permissions/lock_name.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { hostHolds } from "../../permissions/host_permissions.ts";
import { installedPlugins } from "../installed_plugins.ts";
import { discover, type Discovery } from "../manifest/discover.ts";
import type { Invocation } from "./command.ts";
import { type HostNeed, readNeed, requireNeeds } from "./host_need.ts";
import { usage } from "./parse_words.ts";

/** Plugins and grants, found. */
export interface Sources {
  /** Folders whose subfolders are plugins. */
  readonly folders: readonly string[];
  /** Folders of single plugins. */
  readonly plugins: readonly string[];
  /** The grant file, whether it is there or not. */
  readonly grants: string;
  /** The lock beside it, whether it is there or not. */
  readonly lock: string;
  /** The store beside it. */
  readonly store: string;
  /** What had to be read to find them, and will be. */
  readonly needs: readonly HostNeed[];
}

/** Name of the folder that is looked for. */
const pluginsName = "plugins";

/** Paths in the order they are looked for. */
interface Search {
  readonly candidates: readonly string[];
  readonly reason: string;
}

/** Folders of plugins that were named. */
function pluginFolders(invocation: Invocation): string[] {
  return [...new Set([...invocation.list("plugins"), ...invocation.list("watch-plugins")])];
}

function searches(invocation: Invocation, flowFile: string | undefined): { folders: Search; grants: Search } {
  const places = [...new Set([...flowFile === undefined ? [] : [dirname(resolve(flowFile))], Deno.cwd()])];
  const given = pluginFolders(invocation);
  // Naming any plugin says where plugins are: nothing is looked for besides.
  const named = given.length > 0 || invocation.list("plugin").length > 0;
  const grants = invocation.text("grants");
  return {
    folders: {
      candidates: named ? [] : places.map((place) => join(place, pluginsName)),
      reason: "the plugins",
    },
    grants: {
      candidates: grants === undefined ? places.map((place) => join(place, grantsName)) : [resolve(grants)],
      reason: "the grants",
    },
  };
}

/** Everything that may have to be read to find them, for a message. */
export function sourceNeeds(invocation: Invocation, flowFile?: string): HostNeed[] {
  const { folders, grants } = searches(invocation, flowFile);
  return [
    ...[...pluginFolders(invocation), ...invocation.list("plugin")].map((path) => readNeed(path, "the plugins")),
    ...[folders, grants].flatMap(({ candidates, reason }) => candidates.map((path) => readNeed(path, reason))),
  ];
}

/**
 * Finds plugin folders and the grant file.
 *
 * @param before what was read before, for the line that is shown
 * @throws {CaissonError} `CAISSON_USAGE` for a folder that is not there, `CAISSON_HOST_PERMISSION` when a place cannot be
 * looked at
 */
export async function findSources(
  invocation: Invocation,
  flowFile?: string,
  before: readonly HostNeed[] = [],
): Promise<Sources> {
  const { folders, grants } = searches(invocation, flowFile);
  const needs: HostNeed[] = [];
  const look = async ({ candidates, reason }: Search): Promise<string | undefined> => {
    for (const path of candidates) {
      const need = readNeed(path, reason);
      needs.push(need);
      if (!hostHolds(need.key, need.value)) {
        const { words, program } = invocation;
        requireNeeds([...before, ...sourceNeeds(invocation, flowFile)], { words, program, first: true });
      }
      if (await exists(path)) return path;
    }
    return undefined;
  };
  const given = { folders: pluginFolders(invocation), plugins: invocation.list("plugin") };
  for (const path of [...given.folders, ...given.plugins]) {
    if (await look({ candidates: [resolve(path)], reason: "the plugins" }) === undefined) {
      throw usage(
        { name: invocation.words.find((word) => !word.startsWith("-")) ?? "" },
        `no folder ${path}`,
        "a folder",
      );
    }
  }
  const found = await look(folders);
  const grantFile = await look(grants) ?? grants.candidates[0]!;
  const lock = lockFileOf(grantFile);
  await look({ candidates: [lock], reason: "the lock of installed plugins" });
  return {
    folders: [...given.folders.map((path) => resolve(path)), ...found === undefined ? [] : [found]],
    plugins: given.plugins.map((path) => resolve(path)),
    grants: grantFile,
    lock,
    store: stateFolders(grantFile).store,
    needs,
  };
}

/**
 * Finds every plugin a command can use: installed ones, and those in folders. An installed one is not replaced by a folder.
 *
 * @throws {CaissonError} `CAISSON_LOCK_INVALID` or `CAISSON_HOST_PERMISSION`
 */
export async function discoverAll(sources: Sources): Promise<Discovery> {
  const [installed, found] = [await installedPlugins(sources), await discover(sources)];
  return {
    packages: [...installed.packages, ...found.packages],
    refusals: [...installed.refusals, ...found.refusals],
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
