/** `caisson check PLUGIN_DIR`. @module */
import { join, resolve } from "@std/path";
import { grantsName, readGrants } from "../../permissions/grants.ts";
import { hostHolds } from "../../permissions/host_permissions.ts";
import { hostPlatform } from "../../ffi/platform.ts";
import { checkCode, type OnPassed } from "../check_plugin.ts";
import { discover } from "../manifest/discover.ts";
import { hostVersions } from "../manifest/host_versions.ts";
import type { PluginPackage } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/parse_manifest.ts";
import { checkVersions } from "../manifest/versions.ts";
import type { Invocation, Outcome } from "./command.ts";
import { readNeed, requireNeeds } from "./host_need.ts";
import { levelOf, permissionsText } from "./permissions_text.ts";
import { newRepository } from "./plan.ts";

/** One check that a plugin passed. */
interface Passed {
  readonly check: string;
  readonly found: string;
}

/** Checks one plugin; a refusal is thrown, with the checks that were passed before noted. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  // The kit is loaded for those who ask for it: a check without it runs no code of the plugin.
  if (invocation.flag("run")) return await (await import("./check_run.ts")).executeRun(invocation);
  const path = resolve(invocation.positionals[0]!);
  const grants = invocation.text("grants") ?? await grantsHere();
  const { program, words } = invocation;
  requireNeeds([
    readNeed(path, "the plugin"),
    ...grants === undefined ? [] : [readNeed(grants, "the grants")],
  ], { program, words });
  const passed: Passed[] = [];
  const pass = (check: string, found: string): void => {
    passed.push({ check, found });
    if (!invocation.flag("json")) invocation.note(`ok  ${check.padEnd(10)} ${found}`);
  };

  const source = await readManifest(path);
  const { manifest } = source;
  pass("manifest", `${manifest.name} ${manifest.version}`);
  // Before the sealed manifest is looked for: building it again would not help a plugin for another version.
  checkVersions(manifest, hostVersions, source.manifestFile);
  const found = await sealed(path);
  const onPassed: OnPassed = (check, what) => {
    if (check !== "grants") pass(check, what);
  };
  if (grants === undefined) {
    await checkCode(found, { host: hostVersions, platform: hostPlatform() }, onPassed);
  } else {
    const plugin = await newRepository(invocation).register(found, await readGrants(grants), onPassed);
    pass("grants", `${plugin.isolation}, level ${levelOf(plugin)}; ${permissionsText(plugin.permissions)}`);
    for (const { text } of plugin.differences) pass("grants", text);
  }
  return {
    exit: 0,
    text: `${manifest.name} ${manifest.version}: passed${grants === undefined ? "; grants were not checked" : ""}`,
    document: { name: manifest.name, version: manifest.version, folder: found.folder, passed },
  };
}

/** The grant file of the working directory, where there is one that may be read. */
async function grantsHere(): Promise<string | undefined> {
  const file = join(Deno.cwd(), grantsName);
  if (!hostHolds("read", file)) return undefined;
  try {
    return (await Deno.stat(file)).isFile ? file : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The package that registers: for a plugin that is built, the sealed one in `dist`. */
async function sealed(path: string): Promise<PluginPackage> {
  const { packages, refusals } = await discover({ plugins: [path] });
  const refusal = refusals[0];
  if (refusal !== undefined) throw refusal.error;
  return packages[0]!;
}
