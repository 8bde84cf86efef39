/** Every check a plugin has to pass before any of its code may run, in order. @module */
import { verifyLibrary } from "../ffi/verify_library.ts";
import { checkGrants } from "../permissions/check_grants.ts";
import { effectivePermissions } from "../permissions/effective.ts";
import { flowPermissions } from "../permissions/flow_permissions.ts";
import { refuseGuardedPaths } from "../permissions/guarded_paths.ts";
import type { Grants, PluginIsolation } from "../permissions/grants.ts";
import { chooseIsolation, possibleIsolation } from "../permissions/isolation.ts";
import { NEEDS_PROCESS } from "./data/layout.ts";
import { checkLibrary } from "./manifest/check_library.ts";
import type { HostVersions } from "./manifest/host_versions.ts";
import type { Manifest, PluginPackage } from "./manifest/manifest.ts";
import { scanModules } from "./manifest/module_graph.ts";
import { checkVersions } from "./manifest/versions.ts";
import type { RegisteredPlugin } from "./registered_plugin.ts";

/** What a plugin is checked against. */
export interface HostOffer {
  /** Versions this host offers. */
  readonly host: HostVersions;
  /** Isolations this host offers. */
  readonly isolations: readonly PluginIsolation[];
  /** Platform native libraries have to be for. */
  readonly platform: string;
  /** Cache folder the host uses instead of the platform's; no plugin may write there. */
  readonly cacheFolder?: string | undefined;
}

/** Told about each check a plugin passed, in order: what was checked, and what was found. */
export type OnPassed = (check: "versions" | "modules" | "library" | "descriptor" | "grants", found: string) => void;

/** The code of a plugin, hashed and not loaded. */
export type CheckedCode = Pick<RegisteredPlugin, "modules" | "library" | "descriptor" | "ignored">;

/**
 * Checks what does not depend on any operator: versions, then modules or library.
 *
 * @throws {CaissonError} the first refusal
 */
export async function checkCode(
  found: PluginPackage,
  offer: Pick<HostOffer, "host" | "platform">,
  onPassed: OnPassed = () => {},
): Promise<CheckedCode> {
  const { manifest, manifestFile } = found;
  checkVersions(manifest, offer.host, manifestFile);
  const abi = manifest.native === undefined ? "" : `, C ABI ${manifest.native.abi}`;
  const interfaces = manifest.provides.map((each) => each.interface).join(", ");
  onPassed("versions", `runtime ${manifest.runtime}, ${interfaces}${abi}`);
  if (manifest.native !== undefined) return await checkNative(found, offer.platform, onPassed);
  const code = await scanModules(found);
  const ignored = code.ignored.length > 0 ? `; ignored: ${code.ignored.join(", ")}` : "";
  onPassed("modules", `${code.modules.length} inside the folder${ignored}`);
  return code;
}

/**
 * Checks versions, then modules or library, then grants, then the isolation. The manifest has been checked already.
 *
 * @throws {CaissonError} the first refusal
 */
export async function checkPlugin(
  found: PluginPackage,
  grants: Grants,
  offer: HostOffer,
  onPassed: OnPassed = () => {},
): Promise<RegisteredPlugin> {
  const plugin = await grantCode(found, await checkCode(found, offer, onPassed), grants, offer);
  onPassed("grants", plugin.isolation);
  return plugin;
}

/**
 * Checks what the operator decided about code that was checked before: grants and isolation.
 *
 * @throws {CaissonError} the first refusal
 */
export async function grantCode(
  found: PluginPackage,
  code: CheckedCode,
  grants: Grants,
  offer: Pick<HostOffer, "isolations" | "cacheFolder">,
): Promise<RegisteredPlugin> {
  const { manifest, folder } = found;
  const bearing = whatItBears(manifest, code);
  const grant = checkGrants({
    manifest,
    pluginFolder: folder,
    grants,
    isolation: isolationToName(bearing, grants, offer.isolations),
  });
  const isolation = chooseIsolation(bearing, grant, grants.file, offer.isolations);
  const { permissions, explain } = await effectivePermissions({
    requests: manifest.permissions,
    granted: grant?.permissions,
    pluginFolder: folder,
  });
  await refuseGuardedPaths(manifest.name, permissions, { grantsFile: grants.file, cacheFolder: offer.cacheFolder });
  const narrower = await flowPermissions({
    plugin: manifest.name,
    pluginFolder: folder,
    permissions,
    grant,
    file: grants.file,
  });
  return {
    ...code,
    package: found,
    isolation,
    permissions,
    flowPermissions: narrower,
    unsandboxed: grant?.unsandboxed ?? false,
    supervision: grant?.supervision ?? {},
    differences: explain,
  };
}

async function checkNative(found: PluginPackage, platform: string, onPassed: OnPassed): Promise<CheckedCode> {
  const { file, sha256, bytes } = await checkLibrary(found, platform);
  onPassed("library", `${file}, sha256 ${sha256}`);
  const descriptor = verifyLibrary({ bytes, platform, manifest: found.manifest, subject: file });
  const count = descriptor.interfaces.length;
  onPassed(
    "descriptor",
    `${count} component${count === 1 ? "" : "s"}, ${descriptor.layout.size} fields as this host has them`,
  );
  return { library: { file, sha256 }, descriptor, ignored: [] };
}

/** A library can ask for a process of its own too; it knows better than its manifest. */
function whatItBears(manifest: Manifest, { descriptor }: CheckedCode): Manifest {
  const needsProcess = descriptor !== undefined && (descriptor.flags & NEEDS_PROCESS) !== 0;
  return needsProcess ? { ...manifest, isolation: "own-process" } : manifest;
}

/** Shown with a missing grant, so that the operator does not learn of it only after adding the grant. */
function isolationToName(
  manifest: Manifest,
  grants: Grants,
  isolations: readonly PluginIsolation[],
): PluginIsolation | undefined {
  try {
    chooseIsolation(manifest, grants.plugins.get(manifest.name), grants.file, isolations);
    return undefined;
  } catch {
    return possibleIsolation(manifest, isolations);
  }
}
