/** Which components run where, and with what: everything that can be said before any code of the plugin runs. @module */
import { resolve } from "@std/path";
import { parseGrants, type PluginIsolation } from "../../permissions/grants.ts";
import { availableIsolations } from "../../permissions/isolation.ts";
import { permissionKeys } from "../../permissions/values.ts";
import { createCodec } from "../codec/codecs.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { checkConfig } from "../manifest/check_config.ts";
import { discover } from "../manifest/discover.ts";
import type { ComponentKind, PluginPackage, Provision } from "../manifest/manifest.ts";
import { Repository } from "../repository.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import { type ComponentExample, type ConformanceFile, readConformance, substitute } from "./conformance_file.ts";
import type { ConformanceCheck } from "./conformance_report.ts";
import { valueOf } from "./generate_input.ts";
import { Trial } from "./trial.ts";

/** What {@linkcode planTrials} needs. */
export interface TrialPlanOptions {
  /** Folder of the plugin. */
  readonly folder: string;
  /** Isolations to use; all that the plugin can bear and this host offers when it is empty. */
  readonly isolations: readonly PluginIsolation[];
  /** Names of the components to check; all when it is left out. */
  readonly components: readonly string[] | undefined;
  /** `127.0.0.1:PORT`, what `{{http}}` stands for. */
  readonly http: string;
  /** Longest wait for any one call, milliseconds. */
  readonly deadlineMs: number;
  /** Where private copies of libraries go. */
  readonly cacheFolder: string | undefined;
}

/** What will be checked. */
export interface TrialPlan {
  /** The plugin. */
  readonly found: PluginPackage;
  /** Trials, component by component. */
  readonly trials: readonly Trial[];
  /** What is wrong already. */
  readonly problems: readonly ConformanceCheck[];
}

/**
 * Finds the plugin, reads its `conformance.json`, and registers each component for each isolation.
 *
 * @throws {CaissonError} the refusal of the plugin, or `CAISSON_CONFORMANCE_INVALID`
 */
export async function planTrials(options: TrialPlanOptions): Promise<TrialPlan> {
  const folder = resolve(options.folder);
  const { packages, refusals } = await discover({ plugins: [folder] });
  if (refusals[0] !== undefined) throw refusals[0].error;
  const found = packages[0]!;
  const { provides } = found.manifest;
  const examples = await readConformance(folder, provides.map(({ name }) => name));
  const trials: Trial[] = [];
  const problems: ConformanceCheck[] = [];
  const { components = provides.map(({ name }) => name) } = options;
  const unknown = components.find((component) => provides.every(({ name }) => name !== component));
  if (unknown !== undefined) {
    throw new CaissonError("CAISSON_CONFORMANCE_INVALID", {
      subject: "components",
      found: unknown,
      allowed: provides.map(({ name }) => name).join(", "),
    });
  }
  for (const provision of provides.filter(({ name }) => components.includes(name))) {
    const fail = (check: string, detail: string, isolation = ""): void => {
      problems.push({ component: provision.name, isolation, check, ok: false, detail });
    };
    const example = substitute(examples.components.get(provision.name) ?? {}, { http: options.http, folder });
    const config = configOf(provision, example, examples, fail);
    if (config === undefined) continue;
    const samples = samplesOf(provision.kind, example);
    if (samples === undefined) {
      fail("has samples to run with", `a ${provision.kind}; name some it takes as samples in conformance.json`);
      continue;
    }
    const before = trials.length;
    for (const isolation of wanted(options.isolations)) {
      const { deadlineMs, cacheFolder } = options;
      const host = { file: examples.file, asked: options.isolations.length > 0, cacheFolder };
      const plugin = await registerFor(found, isolation, example, host, fail);
      if (plugin === undefined) continue;
      const codec = createCodec(example.codec ?? "json");
      trials.push(new Trial({ plugin, provision, example, config, codec, samples, deadlineMs, cacheFolder }));
    }
    if (trials.length === before && options.isolations.length === 0) {
      fail("runs on this host", `no isolation it can bear is offered here: ${availableIsolations.join(", ")}`);
    }
  }
  return { found, trials, problems };
}

function wanted(isolations: readonly PluginIsolation[]): readonly PluginIsolation[] {
  return isolations.length > 0 ? [...new Set(isolations)] : availableIsolations;
}

/** Made-up payloads suit everything that frames, and nothing that has a format of its own to read. */
const MADE_UP = 40;

function samplesOf(kind: ComponentKind, { samples }: ComponentExample): readonly Uint8Array[] | undefined {
  if (samples !== undefined) {
    return samples.map((each) =>
      typeof each === "string" ? new TextEncoder().encode(each) : Uint8Array.fromBase64(each.base64)
    );
  }
  if (kind === "codec" || kind === "preprocessor") return undefined;
  const json = createCodec("json");
  return Array.from({ length: MADE_UP }, (_, index) => json.encode(valueOf(index, "json")));
}

function configOf(
  provision: Provision,
  example: ComponentExample,
  { file, present, components }: ConformanceFile,
  fail: (check: string, detail: string) => void,
): Record<string, unknown> | undefined {
  try {
    return checkConfig(provision.config, example.config ?? {}, `${file}: components.${provision.name}.config`);
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    const missing = !present || !components.has(provision.name);
    const advice = missing ? `needs conformance.json with a configuration for ${provision.name}: ` : "";
    fail("has a configuration to run with", `${advice}${error.message}`);
    return undefined;
  }
}

/** Registers the plugin as a flow's host would, with exactly the permissions of the example. */
async function registerFor(
  found: PluginPackage,
  isolation: PluginIsolation,
  example: ComponentExample,
  { file, asked, cacheFolder }: { file: string; asked: boolean; cacheFolder: string | undefined },
  fail: (check: string, detail: string, isolation: string) => void,
): Promise<RegisteredPlugin | undefined> {
  const { name, permissions: requests = {} } = found.manifest;
  const refused = Object.fromEntries(
    permissionKeys.filter((key) => requests[key] !== undefined).map((key) => [key, false]),
  );
  const permissions = { ...refused, ...example.permissions };
  try {
    const grants = parseGrants({ grants: 1, plugins: { [name]: { isolation, permissions } } }, file);
    return await new Repository({ cacheFolder }).register(found, grants);
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    if (error.code === "CAISSON_GRANT_INVALID") {
      throw new CaissonError("CAISSON_CONFORMANCE_INVALID", {
        subject: error.subject,
        found: error.found,
        allowed: error.allowed,
        cause: error,
      });
    }
    if (error.code !== "CAISSON_ISOLATION_REFUSED") throw error;
    // What a plugin cannot bear is not checked, unless somebody asked for it by name.
    if (asked) fail("can run in this isolation", error.message, isolation);
    return undefined;
  }
}
