/** What a flow takes to run: its plugins and every permission of the host process, found out without running any of them. @module */
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { launcherFile } from "../../permissions/sandbox/build_launcher.ts";
import { runnerFile } from "../../ffi/build_runner.ts";
import { cacheFolder } from "../../ffi/cache_folder.ts";
import { readGrants } from "../../permissions/grants.ts";
import { type HostKey, hostPermissions } from "../../permissions/host_flags.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { hostHolds } from "../../permissions/host_permissions.ts";
import { builtins } from "../connector/builtin/builtins.ts";
import { buildGraph } from "../flow/graph.ts";
import { placeOf } from "../flow/split_pipelines.ts";
import { tableFilesOf } from "../flow/table_files.ts";
import { isOfPlugin } from "../flow/connector_stages.ts";
import type { FlowDefinition, Named } from "../flow/flow_definition.ts";
import type { InstalledPlaces } from "../installed_plugins.ts";
import { isStage } from "../isolation/worker_protocol.ts";
import { checkConfig } from "../manifest/check_config.ts";
import type { Refusal } from "../manifest/discover.ts";
import type { ComponentKind } from "../manifest/manifest.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import { permissionsIn } from "../running_plugin.ts";
import { Repository } from "../repository.ts";
import type { Invocation } from "./command.ts";
import { readFlowFile } from "./flow_file.ts";
import { type HostNeed, readNeed, requireNeeds } from "./host_need.ts";
import { discoverAll, findSources } from "./sources.ts";

/** A flow that could be started now, were the permissions there. */
export interface Plan {
  /** The flow. */
  readonly definition: FlowDefinition;
  /** Plugins it uses. */
  readonly plugins: readonly RegisteredPlugin[];
  /** Plugins that were refused and that it does not use. */
  readonly refused: readonly Refusal[];
  /** The grant file, where there is a plugin. */
  readonly grants: string | undefined;
  /** Lock and store, where an installed plugin is used. */
  readonly installed: InstalledPlaces | undefined;
  /** Folder of the audit log, where there is a plugin. */
  readonly audit: string | undefined;
  /** Where private copies of libraries go, where there is a native plugin. */
  readonly cache: string | undefined;
  /** Every permission the host process needs. */
  readonly needs: readonly HostNeed[];
  /** Words that run it: all that was found out is said in them. */
  readonly words: readonly string[];
  /** Whether restricted Workers are started. */
  readonly workers: boolean;
  /** Whether it writes to standard output itself. */
  readonly writesOutput: boolean;
}

/** One component a flow names. */
interface Use {
  readonly where: string;
  readonly kind: ComponentKind;
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>> | undefined;
}

function usesOf(flow: FlowDefinition, file: string): Use[] {
  const { sources, sinks } = buildGraph(flow);
  const connector = (kind: ComponentKind) => (name: string): Use => {
    const { type, config } = flow.connectors[name]!;
    return { where: `${file}: connectors.${name}`, kind, type, config };
  };
  const stages = (name: string, list: "preprocessors" | "postprocessors"): Use[] => {
    const { codec, [list]: named = [] } = flow.connectors[name]!;
    const stage = (kind: ComponentKind, place: string, each: Named): Use[] => {
      const { name: type, config } = typeof each === "string" ? { name: each, config: undefined } : each;
      return isOfPlugin(each) ? [{ where: `${file}: connectors.${name}.${place}`, kind, type, config }] : [];
    };
    const kind = list === "preprocessors" ? "preprocessor" : "postprocessor";
    return [
      ...codec === undefined ? [] : stage("codec", "codec", codec),
      ...named.flatMap((each, index) => stage(kind, `${list}[${index}]`, each)),
    ];
  };
  return [
    ...sources.map(connector("source")),
    ...sources.flatMap((name) => stages(name, "preprocessors")),
    ...sinks.flatMap((name) => stages(name, "postprocessors")),
    ...sinks.map(connector("sink")),
    ...Object.entries(flow.processors ?? {}).map(([name, { type, config }]): Use => ({
      where: `${file}: ${placeOf(flow, name)}`,
      kind: "processor",
      type,
      config,
    })),
  ];
}

/** The repository of a command: builtin components, nothing else. */
export function newRepository(invocation: Invocation): Repository {
  const repository = new Repository({ cacheFolder: commandCache(invocation) });
  for (const { type, kind, create, configSchema } of builtins) {
    repository.registerBuiltin(type, kind, create, configSchema);
  }
  return repository;
}

const isBuiltin = ({ type, kind }: Use): boolean =>
  builtins.some((each) => each.kind === kind && (each.type === type || `builtin:${each.type}` === type));

/**
 * Reads the flow, its plugins and grants, checks all of them, and finds out what running it needs.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when something cannot be read, the refusal of a plugin the flow uses, and
 * what is wrong with flow, grants or configurations
 */
export async function planFlow(invocation: Invocation): Promise<Plan> {
  const { file, definition, needs: flowNeeds } = await readFlowFile(invocation);
  const uses = usesOf(definition, file);
  const repository = newRepository(invocation);
  const needs: HostNeed[] = [...flowNeeds, ...stateNeeds(definition), ...tableNeeds(definition)];
  let grants: string | undefined;
  let installed: InstalledPlaces | undefined;
  // A flow of builtin components needs no permission to look for plugins.
  if (!uses.every(isBuiltin)) {
    const sources = await findSources(invocation, file, needs);
    needs.push(...sources.needs);
    grants = sources.grants;
    installed = { lock: sources.lock, store: sources.store };
    await repository.registerAll(await discoverAll(sources), await readGrants(grants));
  }
  const plugins = new Set<RegisteredPlugin>();
  for (const use of uses) {
    const found = repository.find(use.kind, use.type, isStage(use.kind) ? use.where : `${use.where}.type`);
    const config = checkConfig(found.configSchema, use.config, `${use.where}.config`);
    if (found.plugin !== undefined) plugins.add(found.plugin);
    else needs.push(...builtinNeeds(found.name, use, config));
  }
  for (const { buffer } of definition.links) {
    if (buffer !== undefined) needs.push(...bufferNeeds(buffer.path));
  }
  const used = [...plugins];
  const fromStore = used.filter(({ package: { treeHash } }) => treeHash !== undefined);
  const audit = grants === undefined || used.length === 0 ? undefined : stateFolders(grants).audit;
  if (audit !== undefined) {
    needs.push(...(["read", "write"] as const).map((key) => ({ key, value: audit, reason: "the audit log" })));
  }
  const native = used.some(({ isolation }) => isolation === "native");
  const guards = used.some(({ isolation }) => isolation === "guard");
  const runners = used.some(({ isolation }) => isolation === "runner");
  const workers = used.some(({ isolation }) => isolation === "worker");
  const cache = native || guards || runners ? commandCache(invocation) : undefined;
  needs.push(...used.flatMap((each) => pluginNeeds(each, definition.name)));
  if (cache !== undefined && native) needs.push(...await nativeNeeds(cache, invocation.program));
  if (cache !== undefined && (guards || runners)) needs.push(...await processNeeds(cache, invocation.program, guards));
  if (cache !== undefined && runners) needs.push(...await runnerNeeds(cache, invocation.program));
  if (workers) needs.push(...workerNeeds(invocation.program));
  return {
    definition,
    plugins: used,
    refused: repository.refusals,
    grants,
    installed: installed === undefined || fromStore.length === 0
      ? undefined
      : { ...installed, only: fromStore.map(({ package: { manifest } }) => manifest.name) },
    audit,
    cache,
    needs,
    words: runWords(invocation, cache),
    workers,
    writesOutput: definition !== undefined &&
      uses.some((use) =>
        isBuiltin(use) && use.kind === "sink" && /(^|:)stdio$/.test(use.type) && use.config?.stream !== "stderr"
      ),
  };
}

/** Checks that this process may do all that a plan needs. @throws {CaissonError} `CAISSON_HOST_PERMISSION` with the line */
export function requirePlan({ needs, words, workers }: Plan, program: string): void {
  requireNeeds(needs, { program, words, workers });
}

/** What keeping the state of a flow takes. */
function stateNeeds({ state }: FlowDefinition): HostNeed[] {
  if (state === undefined) return [];
  const value = resolve(state.path);
  return (["read", "write"] as const).map((key) => ({ key, value, reason: "the state of the flow" }));
}

/** What the files take that `enrich` steps look up in. */
function tableNeeds(flow: FlowDefinition): HostNeed[] {
  const reason = "a table of the flow";
  return tableFilesOf(flow).flatMap(({ path, isStore }): HostNeed[] => {
    const value = resolve(path);
    return [{ key: "read", value, reason }, ...isStore ? [{ key: "write", value, reason } as const] : []];
  });
}

function builtinNeeds(name: string, use: Use, config: Readonly<Record<string, unknown>>): HostNeed[] {
  const needs = builtins.find((each) => each.type === name && each.kind === use.kind)!.needs(config);
  const reason = `${name} ${use.kind}`;
  return [
    ...(["read", "write"] as const).flatMap((key) =>
      (needs[key] ?? []).map((path) => ({ key, value: resolve(path), reason }))
    ),
    ...(needs.net ?? []).map((value): HostNeed => ({ key: "net", value, reason })),
  ];
}

function bufferNeeds(path: string): HostNeed[] {
  return (["read", "write"] as const).map((key) => ({ key, value: resolve(path), reason: "buffer of a link" }));
}

function pluginNeeds(plugin: RegisteredPlugin, flow: string): HostNeed[] {
  const { package: found, isolation } = plugin;
  const permissions = permissionsIn(plugin, flow);
  const all = hostPermissions({ plugins: [{ isolation, folder: found.folder, permissions }] });
  return (Object.keys(all) as HostKey[]).flatMap((key) =>
    all[key].map((value) => ({ key, value, reason: `plugin ${found.manifest.name}, in ${isolation} isolation` }))
  );
}

/** The cache folder of a command; without access to the environment there is one in the working directory. */
export function commandCache(invocation: Invocation): string {
  const given = invocation.text("cache");
  if (given !== undefined) return resolve(given);
  const names = Deno.build.os === "windows" ? ["LOCALAPPDATA"] : ["XDG_CACHE_HOME", "HOME"];
  const known = names.every((name) => hostHolds("env", name)) && names.some((name) => Deno.env.get(name));
  return known ? cacheFolder() : resolve(".caisson");
}

/** What loading libraries takes besides the plugins' own folders. */
export async function nativeNeeds(cache: string, program: string): Promise<HostNeed[]> {
  const needs: HostNeed[] = [
    { key: "read", value: cache, reason: "private copies of libraries" },
    { key: "write", value: cache, reason: "private copies of libraries" },
    { key: "ffi", value: cache, reason: "loading native plugins" },
    ...packageNeeds(program, "ffi/adapter", "the C source of the adapter for native plugins"),
    ...packageNeeds(program, "ffi/include", "the C source of the adapter for native plugins"),
  ];
  if (!await hasLibrary(cache, "adapter")) {
    needs.push({ key: "run", value: "cc", reason: "compiling that adapter, once; caisson build does it, too" });
  }
  return needs;
}

/** What plugins in processes of their own take besides being started. */
export async function processNeeds(cache: string, program: string, guards: boolean): Promise<HostNeed[]> {
  const reason = "memory shared with plugin processes";
  const needs: HostNeed[] = [
    { key: "read", value: cache, reason },
    { key: "write", value: cache, reason },
    { key: "ffi", value: cache, reason },
    ...packageNeeds(program, "ffi/memory", `the C source for ${reason}`),
    ...packageNeeds(program, "ffi/confine", `the C source for ${reason}`),
    ...(guards ? guardNeeds(program) : []),
    ...await sandboxNeeds(cache, program),
  ];
  if (!await hasLibrary(cache, "share") || guards && !await hasLibrary(cache, "map")) {
    needs.push({ key: "run", value: "cc", reason: `compiling what ${reason} takes, once` });
  }
  return needs;
}

/** The modules of a guard are read to be put aside as JavaScript. */
function guardNeeds(program: string): HostNeed[] {
  const places = ["runtime", "ffi/give_up_ffi.ts", "ffi/map_memory.ts"];
  return places.flatMap((place) => packageNeeds(program, place, "the modules a plugin's process begins with"));
}

/** What the sandbox around plugin processes takes. */
async function sandboxNeeds(cache: string, program: string): Promise<HostNeed[]> {
  if (Deno.build.os !== "linux") return [];
  const reason = "the C source of the sandbox's launcher";
  const needs = packageNeeds(program, "permissions/sandbox", reason);
  // As for the runner: its name is known once its source may be read.
  if (!needs.every(({ key, value }) => hostHolds(key, value))) return needs;
  needs.push({
    key: "run",
    value: await launcherFile({ cacheFolder: cache }),
    reason: "the sandbox's launcher, which starts plugin processes",
  });
  if (!await hasLibrary(cache, "launcher")) {
    needs.push({ key: "run", value: "cc", reason: "compiling that launcher, once" });
  }
  return needs;
}

/** What native plugins in processes of their own take besides. */
export async function runnerNeeds(cache: string, program: string): Promise<HostNeed[]> {
  const reason = "the C source of the program that runs native plugins";
  const needs = [...packageNeeds(program, "ffi/runner", reason), ...packageNeeds(program, "ffi/include", reason)];
  // Its name holds the digest of its source, so it is known only once that may be read; the next line asks for it then.
  if (!needs.every(({ key, value }) => hostHolds(key, value))) return needs;
  needs.push({
    key: "run",
    value: await runnerFile({ cacheFolder: cache }),
    reason: "the program that runs native plugins",
  });
  if (!await hasLibrary(cache, "runner")) {
    needs.push({ key: "run", value: "cc", reason: "compiling that program, once" });
  }
  return needs;
}

async function hasLibrary(cache: string, library: string): Promise<boolean> {
  const folder = join(cache, "native");
  if (!hostHolds("read", folder)) return false;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.startsWith(`${library}-`) && !name.endsWith(".partial")) return true;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

/** What starting Workers takes besides the plugins' own folders. */
export function workerNeeds(program: string): HostNeed[] {
  return packageNeeds(program, "runtime", "the modules that run in a Worker before the plugin");
}

/** What reading a part of this package takes in a clone; what came from a registry is loaded without a permission. */
export function packageNeeds(program: string, part: string, reason: string): HostNeed[] {
  const url = new URL(program);
  return url.protocol === "file:" ? [readNeed(join(dirname(fromFileUrl(url)), part), reason)] : [];
}

/** The words after `caisson` that run the flow, with what this command found out. */
function runWords(invocation: Invocation, cache: string | undefined): string[] {
  const words = invocation.words.filter((word) => word !== "--json" || invocation.words.includes("run"));
  const at = words.findIndex((word) => !word.startsWith("-"));
  words[at] = "run";
  return cache === undefined || invocation.text("cache") !== undefined ? words : [...words, "--cache", cache];
}
