/** `caisson check PLUGIN_DIR`. @module */
import { resolve } from "@std/path";
import { readGrants } from "../../permissions/grants.ts";
import { checkLibrary } from "../manifest/check_library.ts";
import { discover } from "../manifest/discover.ts";
import { hostVersions } from "../manifest/host_versions.ts";
import type { PluginPackage } from "../manifest/manifest.ts";
import { scanModules } from "../manifest/module_graph.ts";
import { readManifest } from "../manifest/parse_manifest.ts";
import { checkVersions } from "../manifest/versions.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { hostPlatform } from "../../ffi/platform.ts";
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
  const grants = invocation.text("grants");
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
  checkVersions(manifest, hostVersions, source.manifestFile);
  const interfaces = manifest.provides.map((each) => each.interface).join(", ");
  pass("versions", `runtime ${manifest.runtime}, ${interfaces}${abiText(source)}`);
  const found = await sealed(path);
  if (manifest.native === undefined) {
    const { modules, ignored } = await scanModules(found);
    pass(
      "modules",
      `${modules.length} inside the folder${ignored.length > 0 ? `; ignored: ${ignored.join(", ")}` : ""}`,
    );
  } else {
    const library = await checkLibrary(found, hostPlatform());
    pass("library", `${library.file}, sha256 ${library.sha256}`);
    const { interfaces, layout } = verifyLibrary({
      bytes: library.bytes,
      manifest: found.manifest,
      subject: library.file,
    });
    pass(
      "descriptor",
      `${interfaces.length} component${
        interfaces.length === 1 ? "" : "s"
      }, ${layout.size} fields as this host has them`,
    );
  }
  if (grants !== undefined) {
    const plugin = await newRepository().register(found, await readGrants(grants));
    pass("grants", `${plugin.isolation}, level ${levelOf(plugin.isolation)}; ${permissionsText(plugin.permissions)}`);
    for (const { text } of plugin.differences) pass("grants", text);
  }
  return {
    exit: 0,
    text: `${manifest.name} ${manifest.version}: passed${grants === undefined ? "; grants were not checked" : ""}`,
    document: { name: manifest.name, version: manifest.version, folder: found.folder, passed },
  };
}

function abiText({ manifest }: PluginPackage): string {
  return manifest.native === undefined ? "" : `, C ABI ${manifest.native.abi}`;
}

/** The package that registers: for a plugin that is built, the sealed one in `dist`. */
async function sealed(path: string): Promise<PluginPackage> {
  const { packages, refusals } = await discover({ plugins: [path] });
  const refusal = refusals[0];
  if (refusal !== undefined) throw refusal.error;
  return packages[0]!;
}
