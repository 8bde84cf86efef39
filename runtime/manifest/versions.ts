/** Whether this host offers what a manifest needs. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { HostVersions } from "./host_versions.ts";
import type { Manifest } from "./manifest.ts";
import { satisfies } from "./semver.ts";

interface MajorMinor {
  readonly major: number;
  readonly minor: number;
}

/** The schema has checked the form already. */
function majorMinor(text: string): MajorMinor {
  const [major, minor] = text.split(".");
  return { major: Number(major), minor: Number(minor) };
}

/**
 * Checks runtime range, interfaces and C ABI of a plugin: same major, the plugin's minor at most the host's.
 *
 * A plugin of an older minor works: the host keeps what it once offered until the next major.
 *
 * @throws {CaissonError} `CAISSON_RUNTIME_MISMATCH`, `CAISSON_INTERFACE_UNKNOWN`, `CAISSON_INTERFACE_MAJOR`,
 * `CAISSON_INTERFACE_MINOR` or `CAISSON_ABI_MISMATCH`
 */
export function checkVersions(
  manifest: Manifest,
  host: HostVersions,
  file = "plugin.json",
): void {
  checkRuntime(manifest, host, file);
  manifest.provides.forEach((provision, index) =>
    checkInterface(
      manifest.name,
      provision.interface,
      host,
      `${file}: provides[${index}].interface`,
    )
  );
  if (manifest.native !== undefined) {
    checkAbi(manifest.name, manifest.native.abi, host, `${file}: native.abi`);
  }
}

function checkRuntime(
  manifest: Manifest,
  host: HostVersions,
  file: string,
): void {
  if (satisfies(host.runtime, manifest.runtime)) return;
  throw new CaissonError("CAISSON_RUNTIME_MISMATCH", {
    subject: `${file}: runtime`,
    found: `${manifest.name} needs runtime ${manifest.runtime}`,
    allowed: `a range that includes ${host.runtime}, this host's version`,
    action:
      `Install a runtime in the range ${manifest.runtime}, or a version of ${manifest.name} made for runtime ${host.runtime}.`,
  });
}

function checkInterface(
  plugin: string,
  wanted: string,
  host: HostVersions,
  subject: string,
): void {
  const [name = "", version = ""] = wanted.split("@");
  const offered = Object.hasOwn(host.interfaces, name) ? host.interfaces[name] : undefined;
  if (offered === undefined) {
    throw new CaissonError("CAISSON_INTERFACE_UNKNOWN", {
      subject,
      found: `${plugin} provides ${wanted}, which this host does not know`,
      allowed: Object.entries(host.interfaces)
        .map(([known, at]) => `${known}@${at}`).join(", "),
    });
  }
  const needs = majorMinor(version);
  const has = majorMinor(offered);
  if (needs.major !== has.major) {
    throw new CaissonError("CAISSON_INTERFACE_MAJOR", {
      subject,
      found: `${plugin} provides ${wanted}, this host has ${name}@${offered}`,
      allowed: `${name}@${has.major}.0 to ${name}@${offered}`,
      action: needs.major > has.major
        ? `Update the runtime to one that offers ${name}@${needs.major}, or take an older version of ${plugin}.`
        : `Take a version of ${plugin} made for ${name}@${has.major}.`,
    });
  }
  if (needs.minor > has.minor) {
    throw new CaissonError("CAISSON_INTERFACE_MINOR", {
      subject,
      found: `${plugin} needs ${wanted}, this host has the older ${name}@${offered}`,
      allowed: `${name}@${has.major}.0 to ${name}@${offered}`,
      action:
        `Update the runtime to one that offers ${wanted}, or take a version of ${plugin} made for ${name}@${offered}.`,
    });
  }
}

function checkAbi(
  plugin: string,
  wanted: string,
  host: HostVersions,
  subject: string,
): void {
  const needs = majorMinor(wanted);
  const has = majorMinor(host.abi);
  if (needs.major === has.major && needs.minor <= has.minor) return;
  throw new CaissonError("CAISSON_ABI_MISMATCH", {
    subject,
    found: `${plugin} is built for version ${wanted} of the C ABI, this host has ${host.abi}`,
    allowed: `${has.major}.0 to ${host.abi}`,
    action:
      `Build ${plugin} again with this host's caisson.h, or update the runtime to one with version ${wanted} of the C ABI.`,
  });
}
